-- What are the states of the ledger called, in which order are they shown, and what are they?
-- kind: user and kernel (on-CPU), probes, runnable and blocked (thread time only), idle, other and
-- unexplained (core time only).  page_fault is the kernel's handler where that was seen (host:
-- hooks_page_faults), and fault_entry then what leads to it and back; else page_fault is all of it.  on_cpu
-- is 1 for a state that takes up a core.  The last four are the timeline's, which does not tell malloc's
-- locks from others.
CREATE TEMP VIEW ledger_state AS
SELECT column1 AS position, column2 AS state, column3 AS kind, column4 AS label,
       column3 IN ('user', 'kernel', 'probes') AS on_cpu
FROM (VALUES
  (1, 'program', 'user', 'program'),
  (2, 'allocator', 'user', 'allocator'),
  (3, 'lock', 'user', 'lock and unlock functions'),
  (4, 'copy', 'user', 'copying and clearing memory'),
  (5, 'unknown', 'user', 'user code without symbols'),
  (6, 'user', 'user', 'user code, undivided'),
  (7, 'page_fault', 'kernel', 'page faults'),
  (8, 'fault_entry', 'kernel', 'page fault entry and exit'),
  (9, 'syscall_entry', 'kernel', 'system call entry and exit'),
  (10, 'futex_wait_malloc', 'kernel', 'futex waits for malloc''s locks'),
  (11, 'futex_wait_other', 'kernel', 'other futex waits'),
  (12, 'futex_wake_malloc', 'kernel', 'futex wakes for malloc''s locks'),
  (13, 'futex_wake_other', 'kernel', 'other futex wakes'),
  (14, 'memory', 'kernel', 'memory system calls'),
  (15, 'random', 'kernel', 'random source'),
  (16, 'syscall', 'kernel', 'other system calls'),
  (17, 'mmap_lock', 'kernel', 'kernel: mmap_lock'),
  (18, 'kernel_lock', 'kernel', 'kernel: other locks'),
  (19, 'exiting', 'kernel', 'ending of threads'),
  (20, 'probes', 'probes', 'probes'),
  (21, 'futex_runnable_malloc', 'runnable', 'woken for malloc''s lock, no CPU yet'),
  (22, 'futex_runnable_other', 'runnable', 'woken from other futex, no CPU yet'),
  (23, 'woken', 'runnable', 'woken otherwise, no CPU yet'),
  (24, 'preempted', 'runnable', 'preempted'),
  (25, 'futex_blocked_malloc', 'blocked', 'asleep for malloc''s locks'),
  (26, 'futex_blocked_other', 'blocked', 'asleep for other futexes'),
  (27, 'mmap_lock_blocked', 'blocked', 'asleep for mmap_lock'),
  (28, 'kernel_lock_blocked', 'blocked', 'asleep for other kernel locks'),
  (29, 'blocked', 'blocked', 'asleep elsewhere'),
  (30, 'idle', 'idle', 'idle cores'),
  (31, 'other_processes', 'other', 'other processes'),
  (32, 'unexplained', 'unexplained', 'unexplained'),
  (33, 'futex_wait', 'kernel', 'futex wait'),
  (34, 'futex_wake', 'kernel', 'futex wake'),
  (35, 'futex_runnable', 'runnable', 'woken from a futex, no CPU yet'),
  (36, 'futex_blocked', 'blocked', 'asleep for a futex')
)
ORDER BY position;
