-- What `heapwait record` leaves: one run, no variant, no thread count, no passwords.  It was interrupted.
-- Load analysis/schema.sql first.
BEGIN;
INSERT INTO host VALUES ('kernel', 'Linux 6.18.0'), ('cores', '2');
INSERT INTO run (id, allocator, allocator_evidence, command, probes, collector, wall_ns, term_signal, interrupted,
                 started_at) VALUES
  (1, 'ptmalloc', 'malloc is libc.so.6''s, which has _int_malloc', 'server --port 80', 'waits', 'bpf', 1500000000, 2, 1,
   '2026-01-01T00:00:00Z');
INSERT INTO lock VALUES
  (1, 1, 77, 4096, 'queue_lock', 'server', NULL, 0, 'symbol table'),
  (2, 1, 77, 8192, 'main_arena', 'libc.so.6', 'ptmalloc', 1, 'separate debug file');
INSERT INTO lock_outcome VALUES
  (1, 'wait', 'slept', 90, 900000000, 90000, 899000000, 910000, NULL),
  (1, 'wake', 'woke_some', 90, 180000, 180000, 0, 0, 90),
  (2, 'wait', 'eagain', 15, 16500, 16500, 0, 0, NULL),
  (2, 'wake', 'woke_none', 5, 5000, 5000, 0, 0, 0);
INSERT INTO wait_histogram VALUES (1, 'slept', 9437184, 10485760, 90), (2, 'eagain', 1024, 1152, 15);
INSERT INTO loss VALUES (1, 'table of words full', 0);
COMMIT;
