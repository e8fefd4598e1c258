-- A study with ledger runs in round numbers, whose answers tests/analysis/test_ledger.c has by hand; 2 cores, all
-- times in ns.  Load analysis/schema.sql first.
BEGIN;
INSERT INTO host VALUES ('cores', '2'),
  ('calibration_null_untraced_ns', '100.0'), ('calibration_null_traced_ns', '180.0'), ('calibration_null_seen_ns', '30.0'),
  ('calibration_wait_untraced_ns', '150.0'), ('calibration_wait_traced_ns', '270.0'), ('calibration_wait_seen_ns', '90.0'),
  ('calibration_wake_untraced_ns', '120.0'), ('calibration_wake_traced_ns', '220.0'), ('calibration_wake_seen_ns', '60.0');
INSERT INTO variant (position, name, libc, linkage, allocator, command) VALUES
  (1, 'glibc', 'glibc 2.36', 'dynamic', 'ptmalloc', 'passwords-glibc'),
  (2, 'musl',  'musl 1.2.3', 'static',  'mallocng', 'passwords-musl');
INSERT INTO run (id, variant, threads, passwords, probes, collector, rep, wall_ns, exit_status, command, started_at) VALUES
  (1, 'glibc', 4, 1000, 'none', NULL, 1, 1000000, 0, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (2, 'musl',  4, 1000, 'none', NULL, 1, 2000000, 0, 'passwords-musl',  '2026-01-01T00:00:00Z'),
  (3, 'glibc', 4, 1000, 'waits', 'bpf', 1, 1020000, 0, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (4, 'musl',  4, 1000, 'waits', 'bpf', 1, 2080000, 0, 'passwords-musl',  '2026-01-01T00:00:00Z'),
  -- of three the one of 1 100 us stands for glibc, of two the shorter for musl
  (10, 'glibc', 4, 1000, 'ledger', 'bpf', 1, 1050000, 0, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (11, 'glibc', 4, 1000, 'ledger', 'bpf', 2, 1100000, 0, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (12, 'glibc', 4, 1000, 'ledger', 'bpf', 3, 1300000, 0, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (20, 'musl',  4, 1000, 'ledger', 'bpf', 1, 2200000, 0, 'passwords-musl',  '2026-01-01T00:00:00Z'),
  (21, 'musl',  4, 1000, 'ledger', 'bpf', 2, 2500000, 0, 'passwords-musl',  '2026-01-01T00:00:00Z'),
  (22, 'musl',  4, 1000, 'ledger', 'bpf', 3, 9900000, 1, 'passwords-musl',  '2026-01-01T00:00:00Z');
UPDATE run SET failure = 'it ended with exit status 1' WHERE id = 22;
INSERT INTO core VALUES
  (10, 2, 100000, 0, 999983), (11, 2, 839000, 50000, 999983), (12, 2, 500000, 0, 999983),
  (20, 2, 1700000, 90000, 999983), (21, 2, 400000, 0, 999983), (22, 2, 0, 0, 999983);
-- run, thread, tid, comm, lifetime, system calls, page faults
INSERT INTO thread VALUES
  (10, 1, 100, 'a', 1000000, 0, 0), (11, 1, 110, 'a', 1090000, 10, 0), (11, 2, 111, 'b', 1000000, 990, 5),
  (12, 1, 120, 'a', 1000000, 0, 0),
  (20, 1, 200, 'a', 2190000, 100, 0), (20, 2, 201, 'b', 2000000, 3900, 5), (21, 1, 210, 'a', 2400000, 0, 0);
INSERT INTO thread_state VALUES
  (10, 1, 100, 'user', 1000000, 1),
  (11, 1, 110, 'user', 500000, 1), (11, 1, 110, 'futex_blocked_other', 590000, 1),
  (11, 2, 111, 'user', 300000, 991), (11, 2, 111, 'memory', 100000, 200), (11, 2, 111, 'random', 400000, 700),
  (11, 2, 111, 'syscall', 1000, 100), (11, 2, 111, 'preempted', 199000, 9),
  (12, 1, 120, 'user', 1000000, 1),
  (20, 1, 200, 'user', 700000, 1), (20, 1, 200, 'futex_blocked_other', 1430000, 1), (20, 1, 200, 'mmap_lock_blocked', 60000, 2),
  (20, 2, 201, 'user', 900000, 3901), (20, 2, 201, 'futex_wait_malloc', 200000, 1000),
  (20, 2, 201, 'futex_wake_malloc', 300000, 2000), (20, 2, 201, 'futex_wake_other', 100, 100),
  (20, 2, 201, 'random', 400000, 700), (20, 2, 201, 'syscall', 0, 200), (20, 2, 201, 'mmap_lock', 20000, 3),
  (20, 2, 201, 'futex_blocked_malloc', 79900, 10), (20, 2, 201, 'futex_runnable_malloc', 100000, 10),
  (21, 1, 210, 'user', 2400000, 1);
INSERT INTO lock (id, run_id, tgid, address, name, module, allocator, is_malloc, evidence) VALUES
  (1, 20, 20, 4096, '__malloc_lock', 'passwords-musl', 'mallocng', 1, 'symbol table'),
  (2, 20, 20, 8192, 'word', NULL, NULL, 0, 'mapping'),
  (3, 4, 4, 4096, '__malloc_lock', 'passwords-musl', 'mallocng', 1, 'symbol table'),
  (4, 3, 3, 8192, 'word', NULL, NULL, 0, 'mapping');
INSERT INTO lock_outcome (lock_id, op, outcome, calls, total_ns, oncpu_ns, blocked_ns, runnable_ns, woken) VALUES
  (1, 'wait', 'slept', 10, 200000, 20100, 79900, 100000, NULL),
  (1, 'wait', 'eagain', 990, 179900, 179900, 0, 0, NULL),
  (1, 'wake', 'woke_none', 2000, 300000, 300000, 0, 0, 0),
  (2, 'wake', 'woke_none', 100, 100, 100, 0, 0, 0),
  (3, 'wait', 'eagain', 1000, 100000, 100000, 0, 0, NULL);
INSERT INTO handoff_histogram VALUES
  (1, 4096, 4608, 99), (2, 4096, 4608, 99), (3, 1024, 1152, 5), (3, 2048, 2304, 4), (3, 65536, 73728, 1),
  (4, 1024, 1152, 7);
INSERT INTO sample (run_id, class, symbol, module, samples) VALUES
  (11, 'program', 'main', 'passwords-glibc', 40), (11, 'program', 'encode', 'passwords-glibc', 20),
  (11, 'allocator', 'malloc', 'libc.so.6', 30), (11, 'page_fault', NULL, NULL, 10),
  (11, 'syscall_entry', NULL, NULL, 77), (11, 'kernel:random', NULL, NULL, 400),
  (20, 'program', 'main', 'passwords-musl', 1), (20, 'lock', '__lock', 'passwords-musl', 1),
  (20, 'unknown', NULL, NULL, 1),
  (21, 'program', 'main', 'passwords-musl', 3), (22, 'program', 'main', 'passwords-musl', 50);
INSERT INTO timeline VALUES
  (20, 2, 'user', -500, 1000), (20, 2, 'futex_wake', 1000, 1500), (20, 1, 'futex_blocked', -9000, 4000000),
  (20, 1, 'user', -9900, -9000), (21, 1, 'user', 0, 1), (10, 1, 'user', 5, 6);
INSERT INTO loss (run_id, reason, count) SELECT id, 'table of words full', 0 FROM run WHERE probes <> 'none';
COMMIT;
