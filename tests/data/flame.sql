-- A study with call paths in round numbers, whose tree tests/analysis/test_flame.c has by hand.  Load
-- analysis/schema.sql first.
BEGIN;
INSERT INTO host VALUES ('cores', '2');
INSERT INTO variant (position, name, libc, linkage, allocator, command) VALUES
  (1, 'glibc', 'glibc 2.36', 'dynamic', 'ptmalloc', 'passwords-glibc'),
  (2, 'musl',  'musl 1.2.3', 'static',  'mallocng', 'passwords-musl'),
  (3, 'mine',  NULL, NULL, NULL, 'mine');
INSERT INTO run (id, variant, threads, passwords, probes, collector, rep, wall_ns, exit_status, command, started_at) VALUES
  (1, 'glibc', 4, 1000, 'none', NULL, 1, 1000000, 0, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (2, 'musl',  4, 1000, 'none', NULL, 1, 2000000, 0, 'passwords-musl',  '2026-01-01T00:00:00Z'),
  (3, 'glibc', 4, 1000, 'waits', 'bpf', 1, 1020000, 0, 'passwords-glibc', '2026-01-01T00:00:00Z'),
  (4, 'musl',  4, 1000, 'waits', 'bpf', 1, 2080000, 0, 'passwords-musl',  '2026-01-01T00:00:00Z'),
  (5, 'musl',  4, 1000, 'waits', 'bpf', 2, 2090000, 0, 'passwords-musl',  '2026-01-01T00:00:00Z'),
  (6, 'musl',  4, 1000, 'waits', 'bpf', 3, 9900000, 1, 'passwords-musl',  '2026-01-01T00:00:00Z'),
  (7, 'musl',  1, 1000, 'waits', 'bpf', 0, 3000000, 0, 'passwords-musl',  '2026-01-01T00:00:00Z');
UPDATE run SET failure = 'it ended with exit status 1' WHERE id = 6;
INSERT INTO frame (id, run_id, caller, symbol, module, address, class) VALUES
  -- glibc: start > main > malloc
  (30, 3, NULL, 'start', 'passwords-glibc', NULL, 'program'),
  (31, 3, 30, 'main', 'passwords-glibc', NULL, 'program'),
  (32, 3, 31, 'malloc', 'libc.so.6', NULL, 'allocator'),
  -- musl, two runs that share start, main and malloc; the callers' rows needn't stand first
  (40, 4, 41, 'malloc', 'passwords-musl', NULL, 'allocator'),
  (41, 4, 42, 'main', 'passwords-musl', NULL, 'program'),
  (42, 4, NULL, 'start', 'passwords-musl', NULL, 'program'),
  (43, 4, 40, '__lock', 'passwords-musl', NULL, 'lock'),
  (44, 4, 43, 'entry_SYSCALL_64', '[kernel]', NULL, 'kernel'),
  (45, 4, 44, 'do_futex', '[kernel]', NULL, 'kernel'),
  (46, 4, 45, 'futex_wake', '[kernel]', NULL, 'kernel'),
  (47, 4, 46, 'hash_bucket', '[kernel]', NULL, 'kernel'),
  (48, 4, 41, 'encode', 'passwords-musl', NULL, 'program'),
  (50, 5, NULL, 'start', 'passwords-musl', NULL, 'program'),
  (51, 5, 50, 'main', 'passwords-musl', NULL, 'program'),
  (52, 5, 51, 'malloc', 'passwords-musl', NULL, 'allocator'),
  (53, 5, 51, 'malloc', 'other.so', NULL, 'allocator'),  -- the same name elsewhere: another node
  (54, 5, 51, NULL, 'other.so', 4096, 'unknown'),        -- no symbol: one node for a module
  (55, 5, 51, NULL, 'other.so', 8192, 'unknown'),
  (56, 5, NULL, NULL, NULL, 123, 'unknown'),
  (57, 5, 51, 'memcpy', 'passwords-musl', NULL, 'copy'),
  (58, 5, 51, 'a;b' || char(10) || '"q" \', 'passwords-musl', NULL, 'program'), -- what formats must escape
  (59, 5, 52, 'nobody', 'passwords-musl', NULL, 'program'), -- a waiter's path: no samples
  (60, 6, NULL, 'start', 'passwords-musl', NULL, 'program'), -- a failed run's don't count
  (70, 7, NULL, 'start', 'passwords-musl', NULL, 'program'), -- another thread count
  (71, 7, 70, '__unlock', 'passwords-musl', NULL, 'lock'),
  (72, 7, 71, 'asm_exc_page_fault', '[kernel]', NULL, 'kernel'),
  (73, 7, 70, 'read', 'passwords-musl', NULL, 'program'),
  (74, 7, 73, 'entry_SYSCALL_64', '[kernel]', NULL, 'kernel'),
  (75, 7, 74, 'futex_hash', '[kernel]', NULL, 'kernel');
INSERT INTO frame_sample (frame_id, samples) VALUES
  (31, 60), (32, 40),
  (41, 5), (40, 10), (43, 20), (45, 3), (47, 30), (48, 100),
  (51, 5), (52, 2), (53, 4), (54, 6), (55, 1), (56, 8), (57, 5), (58, 1),
  (60, 1000), (70, 9), (71, 1), (72, 2), (74, 1), (75, 3);
COMMIT;
