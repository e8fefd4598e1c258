-- What are the states of the ledger called, in which order are they shown, and what are they?
-- kind: user and kernel (on-CPU), probes, runnable and blocked (thread time only), idle, other and
-- unexplained (core time only).  on_cpu is 1 for a state that takes up a core.  The last four are the
-- timeline's, which does not tell malloc's locks from others.
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
  (8, 'syscall_entry', 'kernel', 'system call entry and exit'),
  (9, 'futex_wait_malloc', 'kernel', 'futex waits for malloc''s locks'),
  (10, 'futex_wait_other', 'kernel', 'other futex waits'),
  (11, 'futex_wake_malloc', 'kernel', 'futex wakes for malloc''s locks'),
  (12, 'futex_wake_other', 'kernel', 'other futex wakes'),
  (13, 'memory', 'kernel', 'memory system calls'),
  (14, 'random', 'kernel', 'random source'),
  (15, 'syscall', 'kernel', 'other system calls'),
  (16, 'mmap_lock', 'kernel', 'kernel: mmap_lock'),
  (17, 'kernel_lock', 'kernel', 'kernel: other locks'),
  (18, 'exiting', 'kernel', 'ending of threads'),
  (19, 'probes', 'probes', 'probes'),
  (20, 'futex_runnable_malloc', 'runnable', 'woken for malloc''s lock, no CPU yet'),
  (21, 'futex_runnable_other', 'runnable', 'woken from other futex, no CPU yet'),
  (22, 'woken', 'runnable', 'woken otherwise, no CPU yet'),
  (23, 'preempted', 'runnable', 'preempted'),
  (24, 'futex_blocked_malloc', 'blocked', 'asleep for malloc''s locks'),
  (25, 'futex_blocked_other', 'blocked', 'asleep for other futexes'),
  (26, 'kernel_lock_blocked', 'blocked', 'asleep for kernel locks'),
  (27, 'blocked', 'blocked', 'asleep elsewhere'),
  (28, 'idle', 'idle', 'idle cores'),
  (29, 'other_processes', 'other', 'other processes'),
  (30, 'unexplained', 'unexplained', 'unexplained'),
  (31, 'futex_wait', 'kernel', 'futex wait'),
  (32, 'futex_wake', 'kernel', 'futex wake'),
  (33, 'futex_runnable', 'runnable', 'woken from a futex, no CPU yet'),
  (34, 'futex_blocked', 'blocked', 'asleep for a futex')
)
ORDER BY position;
