-- A small study with round numbers, whose answers tests/analysis/test_views.c has by hand.
-- Load analysis/schema.sql first.  1 000 passwords; rounds 1 to 9; walls below are milliseconds * 1 000 000.
BEGIN;
INSERT INTO host VALUES
  ('kernel', 'Linux 6.18.0'), ('cpu_model', 'Example CPU'), ('cores', '2'), ('null_syscall_ns', '105');
INSERT INTO study VALUES ('passwords', '1000'), ('reps', '9'), ('seed', '1'), ('threads', '1,4');
INSERT INTO variant (position, name, libc, linkage, allocator, command, absent_reason) VALUES
  (1, 'glibc',         'glibc 2.36', 'dynamic', 'ptmalloc',       'passwords-glibc',         NULL),
  (2, 'musl',          'musl 1.2.3', 'static',  'mallocng',       'passwords-musl',          NULL),
  (3, 'musl+jemalloc', 'musl 1.2.3', 'static',  'jemalloc 5.3.0', 'passwords-musl+jemalloc', NULL),
  (4, 'musl+mimalloc', 'musl 1.2.3', 'static',  'mimalloc 2.0.9', 'passwords-musl+mimalloc', 'its sources were not found'),
  (5, 'glibc-static',  'glibc 2.36', 'static',  'ptmalloc',       'passwords-glibc-static',  NULL),
  (6, 'musl-dynamic',  'musl 1.2.3', 'dynamic', 'mallocng',       'passwords-musl-dynamic',  NULL);

-- Four threads: ratios to glibc of the same round 2.4 2.0 2.8 2.2 2.6 2.1 2.7 2.3 2.5.
INSERT INTO run (id, variant, threads, probes, rep, wall_ns, command, started_at) VALUES
  (101, 'glibc', 4, 'none', 1, 104000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (102, 'glibc', 4, 'none', 2, 100000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (103, 'glibc', 4, 'none', 3, 108000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (104, 'glibc', 4, 'none', 4, 102000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (105, 'glibc', 4, 'none', 5, 106000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (106, 'glibc', 4, 'none', 6, 101000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (107, 'glibc', 4, 'none', 7, 107000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (108, 'glibc', 4, 'none', 8, 103000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (109, 'glibc', 4, 'none', 9, 105000000, 'passwords-glibc', '2026-01-01T00:00:00Z');
-- (musl)
INSERT INTO run (id, variant, threads, probes, rep, wall_ns, command, started_at) VALUES
  (201, 'musl', 4, 'none', 1, 249600000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (202, 'musl', 4, 'none', 2, 200000000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (203, 'musl', 4, 'none', 3, 302400000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (204, 'musl', 4, 'none', 4, 224400000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (205, 'musl', 4, 'none', 5, 275600000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (206, 'musl', 4, 'none', 6, 212100000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (207, 'musl', 4, 'none', 7, 288900000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (208, 'musl', 4, 'none', 8, 236900000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (209, 'musl', 4, 'none', 9, 262500000, 'passwords-musl', '2026-01-01T00:00:00Z');
-- Six rounds only: 1.10 1.05 1.20 1.15 1.25 1.00.
INSERT INTO run (id, variant, threads, probes, rep, wall_ns, command, started_at) VALUES
  (301, 'musl+jemalloc', 4, 'none', 1, 114400000, 'passwords-musl+jemalloc', '2026-01-01T00:00:00Z'),
  (302, 'musl+jemalloc', 4, 'none', 2, 105000000, 'passwords-musl+jemalloc', '2026-01-01T00:00:00Z'),
  (303, 'musl+jemalloc', 4, 'none', 3, 129600000, 'passwords-musl+jemalloc', '2026-01-01T00:00:00Z'),
  (304, 'musl+jemalloc', 4, 'none', 4, 117300000, 'passwords-musl+jemalloc', '2026-01-01T00:00:00Z'),
  (305, 'musl+jemalloc', 4, 'none', 5, 132500000, 'passwords-musl+jemalloc', '2026-01-01T00:00:00Z'),
  (306, 'musl+jemalloc', 4, 'none', 6, 101000000, 'passwords-musl+jemalloc', '2026-01-01T00:00:00Z');
-- Five rounds: half of glibc's time in each.
INSERT INTO run (id, variant, threads, probes, rep, wall_ns, command, started_at) VALUES
  (401, 'glibc-static', 4, 'none', 1, 52000000, 'passwords-glibc-static', '2026-01-01T00:00:00Z'),
  (402, 'glibc-static', 4, 'none', 2, 50000000, 'passwords-glibc-static', '2026-01-01T00:00:00Z'),
  (403, 'glibc-static', 4, 'none', 3, 54000000, 'passwords-glibc-static', '2026-01-01T00:00:00Z'),
  (404, 'glibc-static', 4, 'none', 4, 51000000, 'passwords-glibc-static', '2026-01-01T00:00:00Z'),
  (405, 'glibc-static', 4, 'none', 5, 53000000, 'passwords-glibc-static', '2026-01-01T00:00:00Z');
-- One thread: no difference between musl and glibc.
INSERT INTO run (id, variant, threads, probes, rep, wall_ns, command, started_at) VALUES
  (501, 'glibc', 1, 'none', 1, 200000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (502, 'glibc', 1, 'none', 2, 201000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (503, 'glibc', 1, 'none', 3, 199000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (504, 'glibc', 1, 'none', 4, 202000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (505, 'glibc', 1, 'none', 5, 198000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (506, 'glibc', 1, 'none', 6, 203000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (507, 'glibc', 1, 'none', 7, 197000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (508, 'glibc', 1, 'none', 8, 204000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (509, 'glibc', 1, 'none', 9, 196000000, 'passwords-glibc', '2026-01-01T00:00:00Z');
-- (musl)
INSERT INTO run (id, variant, threads, probes, rep, wall_ns, command, started_at) VALUES
  (601, 'musl', 1, 'none', 1, 201000000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (602, 'musl', 1, 'none', 2, 200000000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (603, 'musl', 1, 'none', 3, 201000000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (604, 'musl', 1, 'none', 4, 200000000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (605, 'musl', 1, 'none', 5, 198000000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (606, 'musl', 1, 'none', 6, 204000000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (607, 'musl', 1, 'none', 7, 196000000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (608, 'musl', 1, 'none', 8, 206000000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (609, 'musl', 1, 'none', 9, 194000000, 'passwords-musl', '2026-01-01T00:00:00Z');
-- Its first round fails, one counts.
INSERT INTO run (id, variant, threads, probes, rep, wall_ns, command, started_at) VALUES
  (701, 'musl-dynamic', 4, 'none', 1, 1000000, 'passwords-musl-dynamic', '2026-01-01T00:00:00Z'),
  (702, 'musl-dynamic', 4, 'none', 2, 200000000, 'passwords-musl-dynamic', '2026-01-01T00:00:00Z');
UPDATE run SET failure = 'it ended with exit status 3', exit_status = 3 WHERE id = 701;
-- Traced.
INSERT INTO run (id, variant, threads, probes, rep, wall_ns, command, started_at) VALUES
  (801, 'glibc', 4, 'waits', 1, 110000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (802, 'glibc', 4, 'waits', 2, 114000000, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (803, 'glibc', 4, 'waits', 3, 112000000, 'passwords-glibc', '2026-01-01T00:00:00Z');
-- (musl)
INSERT INTO run (id, variant, threads, probes, rep, wall_ns, command, started_at) VALUES
  (811, 'musl', 4, 'waits', 1, 260000000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (812, 'musl', 4, 'waits', 2, 270000000, 'passwords-musl', '2026-01-01T00:00:00Z'),
  (813, 'musl', 4, 'waits', 3, 262080000, 'passwords-musl', '2026-01-01T00:00:00Z');
-- (musl+jemalloc)
INSERT INTO run (id, variant, threads, probes, rep, wall_ns, command, started_at) VALUES
  (821, 'musl+jemalloc', 4, 'waits', 1, 115850000, 'passwords-musl+jemalloc', '2026-01-01T00:00:00Z'),
  (822, 'musl+jemalloc', 4, 'waits', 2, 115850000, 'passwords-musl+jemalloc', '2026-01-01T00:00:00Z');

UPDATE run SET passwords = 1000, user_ns = 0, system_ns = 0, load_average = 0.5, foreign_cpu_ns = wall_ns / 5,
  max_rss_bytes = CASE variant WHEN 'glibc' THEN 10 WHEN 'musl' THEN 8 ELSE 12 END * 1048576 + rep * 1024;
UPDATE run SET reported_ns = wall_ns / 2 WHERE probes = 'none';
UPDATE run SET collector = 'bpf' WHERE probes <> 'none';
UPDATE run SET exit_status = 0 WHERE failure IS NULL;

-- Locks of the traced runs: 1 to 3 are musl's malloc lock, 4 a join; 5 glibc's arena, 6 to 8 its joins; 9, 10 jemalloc.
INSERT INTO lock (id, run_id, tgid, address, name, module, allocator, is_malloc, evidence) VALUES
  (1, 811, 11, 4096, '__malloc_lock', '/study/passwords-musl', 'mallocng', 1, 'symbol table'),
  (2, 812, 12, 4096, '__malloc_lock', '/study/passwords-musl', 'mallocng', 1, 'symbol table'),
  (3, 813, 13, 4096, '__malloc_lock', '/study/passwords-musl', 'mallocng', 1, 'symbol table'),
  (4, 811, 11, 8192, 'unnamed word in a thread''s stack', NULL, NULL, 0, 'mapping'),
  (5, 803, 3, 4096, 'main_arena', 'libc.so.6', 'ptmalloc', 1, 'separate debug file'),
  (6, 801, 1, 8192, 'unnamed word in a thread''s stack', NULL, NULL, 0, 'mapping'),
  (7, 802, 2, 8192, 'unnamed word in a thread''s stack', NULL, NULL, 0, 'mapping'),
  (8, 803, 3, 8192, 'unnamed word in a thread''s stack', NULL, NULL, 0, 'mapping'),
  (9, 821, 21, 4096, 'arena mutex', 'passwords-musl+jemalloc', 'jemalloc', 1, 'arena layout'),
  (10, 822, 22, 4096, 'arena mutex', 'passwords-musl+jemalloc', 'jemalloc', 1, 'arena layout');

-- calls, total, on-CPU, blocked, runnable, woken
INSERT INTO lock_outcome (lock_id, op, outcome, calls, total_ns, oncpu_ns, blocked_ns, runnable_ns, woken) VALUES
  (1, 'wait', 'slept', 10, 1000000, 10000, 900000, 90000, NULL),
  (1, 'wait', 'eagain', 300, 330000, 330000, 0, 0, NULL),
  (1, 'wake', 'woke_none', 600, 600000, 600000, 0, 0, 0),
  (1, 'wake', 'woke_some', 20, 40000, 40000, 0, 0, 20),
  (2, 'wait', 'slept', 20, 2000000, 20000, 1800000, 180000, NULL),
  (2, 'wait', 'eagain', 310, 341000, 341000, 0, 0, NULL),
  (2, 'wake', 'woke_none', 620, 620000, 620000, 0, 0, 0),
  (2, 'wake', 'woke_some', 30, 60000, 60000, 0, 0, 30),
  (3, 'wait', 'slept', 30, 6000000, 60000, 5400000, 540000, NULL),
  (3, 'wait', 'raced', 5, 5000, 5000, 0, 0, NULL),
  (3, 'wait', 'eagain', 290, 319000, 319000, 0, 0, NULL),
  (3, 'wake', 'woke_none', 700, 700000, 700000, 0, 0, 0),
  (3, 'wake', 'woke_some', 10, 20000, 20000, 0, 0, 10),
  (4, 'wait', 'slept', 3, 300000000, 3000, 299990000, 7000, NULL),
  (5, 'wait', 'eagain', 4, 4400, 4400, 0, 0, NULL),
  (6, 'wait', 'slept', 3, 300000000, 3000, 299990000, 7000, NULL),
  (7, 'wait', 'slept', 3, 300000000, 3000, 299990000, 7000, NULL),
  (8, 'wait', 'slept', 3, 300000000, 3000, 299990000, 7000, NULL),
  (9, 'wait', 'eagain', 10, 11000, 11000, 0, 0, NULL),
  (10, 'wait', 'eagain', 20, 22000, 22000, 0, 0, NULL);

INSERT INTO wait_histogram VALUES
  (1, 'eagain', 1024, 1152, 200), (1, 'eagain', 1152, 1280, 100), (1, 'slept', 65536, 73728, 10),
  (2, 'eagain', 1024, 1152, 310), (2, 'slept', 65536, 73728, 20),
  (3, 'eagain', 1024, 1152, 290), (3, 'raced', 1024, 1152, 5), (3, 'slept', 131072, 147456, 30),
  (4, 'slept', 92274688, 100663296, 3),
  (5, 'eagain', 1024, 1152, 4),
  (9, 'eagain', 1024, 1152, 10), (10, 'eagain', 1024, 1152, 20);

-- Who waits for musl's malloc lock in two of its runs: make through malloc, and grow through realloc.
INSERT INTO frame VALUES
  (1, 811, NULL, '__clone', 'passwords-musl', NULL, 'program'), (2, 811, 1, 'start', 'passwords-musl', NULL, 'program'),
  (3, 811, 2, 'make', 'passwords-musl', NULL, 'program'), (4, 811, 3, 'malloc', 'passwords-musl', NULL, 'allocator'),
  (5, 811, 4, '__lock', 'passwords-musl', NULL, 'lock'), (6, 811, 4, '__unlock', 'passwords-musl', NULL, 'lock'),
  (7, 811, 3, 'grow', 'passwords-musl', NULL, 'program'), (8, 811, 7, 'realloc', 'passwords-musl', NULL, 'allocator'),
  (9, 811, 8, '__unlock', 'passwords-musl', NULL, 'lock'),
  (11, 812, NULL, '__clone', 'passwords-musl', NULL, 'program'), (12, 812, 11, 'start', 'passwords-musl', NULL, 'program'),
  (13, 812, 12, 'make', 'passwords-musl', NULL, 'program'), (14, 812, 13, 'malloc', 'passwords-musl', NULL, 'allocator'),
  (15, 812, 14, '__lock', 'passwords-musl', NULL, 'lock'), (16, 812, 14, '__unlock', 'passwords-musl', NULL, 'lock');
INSERT INTO waiter VALUES
  (1, 5, 'return addresses', 31, 0), (1, 6, 'return addresses', 0, 30), (1, 9, 'return addresses', 0, 10),
  (2, 15, 'return addresses', 11, 0), (2, 16, 'return addresses', 0, 13);

INSERT INTO loss (run_id, reason, count) SELECT id, 'table of words full', 0 FROM run WHERE probes <> 'none';
INSERT INTO loss (run_id, reason, count) SELECT id, 'recursion missed', 0 FROM run WHERE probes <> 'none';
UPDATE loss SET count = 7 WHERE run_id = 812 AND reason = 'recursion missed';
COMMIT;
