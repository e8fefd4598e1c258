-- What `heapwait record` leaves: one run, no variant, no thread count, no passwords.  It was interrupted.
-- Load analysis/schema.sql first.
BEGIN;
INSERT INTO host VALUES ('kernel', 'Linux 6.18.0'), ('cores', '2');
INSERT INTO run (id, allocator, allocator_evidence, command, probes, collector, wall_ns, term_signal, interrupted,
                 started_at) VALUES
  (1, 'ptmalloc', 'malloc is libc.so.6''s, which has _int_malloc', 'server --port 80', 'waits', 'bpf', 1500000000, 2, 1,
   '2026-01-01T00:00:00Z');
INSERT INTO process VALUES (1, 77, 'server');
INSERT INTO lock (id, run_id, tgid, address, name, module, allocator, is_malloc, evidence) VALUES
  (1, 1, 77, 4096, 'queue_lock', 'server', NULL, 0, 'symbol table'),
  (2, 1, 77, 8192, 'main_arena', 'libc.so.6', 'ptmalloc', 1, 'separate debug file');
INSERT INTO lock_outcome (lock_id, op, outcome, calls, total_ns, oncpu_ns, blocked_ns, runnable_ns, woken) VALUES
  (1, 'wait', 'slept', 90, 900000000, 90000, 899000000, 910000, NULL),
  (1, 'wake', 'woke_some', 90, 180000, 180000, 0, 0, 90),
  (2, 'wait', 'eagain', 15, 16500, 16500, 0, 0, NULL),
  (2, 'wake', 'woke_none', 5, 5000, 5000, 0, 0, 0);
INSERT INTO wait_histogram VALUES (1, 'slept', 9437184, 10485760, 90), (2, 'eagain', 1024, 1152, 15);
-- consume waits for the queue, and calls strdup, which allocates; a nameless function of the program calls malloc
-- too; and the queue's wakes come from nameless places only as well, in a thread without any name.
INSERT INTO frame VALUES
  (1, 1, NULL, '_start', 'server', NULL, 'program'), (2, 1, 1, 'main', 'server', NULL, 'program'),
  (3, 1, 2, 'consume', 'server', NULL, 'program'), (4, 1, 3, 'pthread_cond_wait', 'libc.so.6', NULL, 'lock'),
  (6, 1, 2, NULL, 'server', 4660, 'unknown'), (7, 1, 6, 'malloc', 'libc.so.6', NULL, 'allocator'),
  (8, 1, 7, NULL, 'libc.so.6', 39612, 'library'),
  (9, 1, 3, 'strdup', 'libc.so.6', NULL, 'library'), (10, 1, 9, 'malloc', 'libc.so.6', NULL, 'allocator'),
  (11, 1, NULL, NULL, 'server', 16, 'unknown'), (12, 1, 11, NULL, 'server', 32, 'unknown'),
  (13, 1, 11, NULL, 'server', 48, 'unknown');
INSERT INTO waiter VALUES
  (1, 4, 'unwind tables', 30, 10), (1, 12, 'return addresses', 0, 5), (1, 13, 'return addresses', 0, 5),
  (2, 8, 'return addresses', 4, 0), (2, 10, 'unwind tables', 6, 5);
INSERT INTO loss (run_id, reason, count) VALUES (1, 'table of words full', 0);
COMMIT;
