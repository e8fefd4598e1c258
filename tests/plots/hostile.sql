-- Names that someone may give to variants, on top of tests/data/study.sql: each tries to break one of the formats on
-- the way to the page (gnuplot, TSV, JSON, Typst, HTML, a shell that must not be there).
BEGIN;
CREATE TEMP TABLE renamed (old TEXT, new TEXT);
INSERT INTO renamed VALUES
  ('musl+jemalloc', 'a''b"$(touch pwned)#_^{}'),
  ('musl+mimalloc', '`touch pwned`; system("touch pwned")'),
  ('glibc-static', '<img src=x onerror=alert(1)> #read("/etc/passwd") \u{41}'),
  ('musl-dynamic', char(9) || '"tab' || char(10) || 'and line' || char(27) || '[31m % $x$ @W');
UPDATE run SET variant = (SELECT new FROM renamed WHERE old = variant) WHERE variant IN (SELECT old FROM renamed);
UPDATE variant SET name = (SELECT new FROM renamed WHERE old = name),
                   absent_reason = iif(absent_reason IS NULL, NULL, 'its '' sources " are <b>gone</b> #1')
  WHERE name IN (SELECT old FROM renamed);
INSERT INTO variant (position, name, command, absent_reason)
  VALUES (7, 'a name as long as' || replace(hex(zeroblob(60)), '00', ' names') || ' may be', 'x', NULL);
UPDATE lock SET name = '*bold* _x_ $y$ <i>' || name, module = '/a/b''"$(x)' WHERE is_malloc;
UPDATE host SET value = '#panic() </style><script>' WHERE key = 'cpu_model';
COMMIT;
