-- The recording: one SQLite file, one transaction per run.  docs/recording.md is its reference.
-- Not measured is NULL or an absent row.  Zero means: measured, and none.  Units stand in the column names.

PRAGMA application_id = 0x48574149; -- "HWAI": what tells a recording from any other SQLite file
PRAGMA user_version = 4;

-- Facts of the machine and of the whole recording: kernel, cpu_model, cores, null_syscall_ns, load_average...
CREATE TABLE host (
  key TEXT PRIMARY KEY,
  value TEXT
) STRICT;

-- Settings of `heapwait study` (seed, reps, threads...); empty in a recording made by `heapwait record`.
CREATE TABLE study (
  key TEXT PRIMARY KEY,
  value TEXT
) STRICT;

-- One build of the workload: libc + linkage + allocator.  An absent one keeps its row, with the reason.
CREATE TABLE variant (
  name TEXT PRIMARY KEY,
  position INTEGER NOT NULL, -- order of presentation, 1-based
  libc TEXT,
  linkage TEXT,              -- static, static-pie, dynamic
  allocator TEXT,
  command TEXT NOT NULL,
  absent_reason TEXT         -- NULL: present
) STRICT;

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  variant TEXT,              -- NULL in a plain `record`
  libc TEXT,
  allocator TEXT,            -- unknown: looked for, and nothing told; NULL: not looked for
  allocator_evidence TEXT,   -- how it was found in this run; NULL where no mappings were read
  linkage TEXT,
  command TEXT NOT NULL,     -- or what was attached to
  threads INTEGER,
  passwords INTEGER,
  rep INTEGER,               -- the interleaved round, 1-based; 0: beside the rounds, for its call paths alone
  position INTEGER,          -- place in the study's order, 1-based: what --resume goes by
  probes TEXT NOT NULL CHECK (probes IN ('none', 'waits', 'ledger')),
  collector TEXT CHECK (collector IN ('bpf', 'perf')), -- NULL when probes is none
  wall_ns INTEGER,           -- from just before exec to the reaping of the command; attached: the time measured
  reported_ns INTEGER,       -- what the program itself says it took; NULL when it says nothing
  exit_status INTEGER,       -- NULL when it died by a signal, or goes on
  term_signal INTEGER,       -- NULL when it exited
  timed_out INTEGER NOT NULL DEFAULT 0,
  interrupted INTEGER NOT NULL DEFAULT 0,
  failure TEXT,              -- one line that says why the run doesn't count; NULL: it counts
  max_rss_bytes INTEGER,
  user_ns INTEGER,
  system_ns INTEGER,
  voluntary_switches INTEGER,
  involuntary_switches INTEGER,
  minor_faults INTEGER,
  foreign_cpu_ns INTEGER,    -- CPU time that others used during the run, on the CPUs that heapwait may use
  heapwait_cpu_ns INTEGER,   -- CPU time that heapwait itself used meanwhile, beside its probes
  load_average REAL,         -- the 1-minute load just before the run
  started_at TEXT,           -- UTC, ISO 8601; NULL: a perf session without a date
  sample_period_ns INTEGER   -- of the clock behind `sample`; NULL: there are no samples, or perf's
) STRICT;

-- One futex word of one address space.
CREATE TABLE lock (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id),
  tgid INTEGER NOT NULL,
  address INTEGER NOT NULL,
  name TEXT NOT NULL,
  module TEXT,
  allocator TEXT,            -- whose lock it is, when is_malloc
  is_malloc INTEGER CHECK (is_malloc IN (0, 1)), -- by evidence; NULL: none tells
  evidence TEXT NOT NULL,    -- how the name was found, and whose it is
  use TEXT CHECK (use IN ('mutex', 'condition', 'join', 'idle')) -- what its callers wait for; NULL: not known
) STRICT;
CREATE INDEX lock_by_run ON lock (run_id);

-- A process that has a word in `lock`.
CREATE TABLE process (
  run_id INTEGER NOT NULL REFERENCES run (id),
  tgid INTEGER NOT NULL,
  program TEXT,              -- the name of its program's file, that of the busiest word if it ran several; NULL: not known
  PRIMARY KEY (run_id, tgid)
) STRICT, WITHOUT ROWID;

-- Futex calls on a word by operation and outcome.  total = oncpu + blocked + runnable; the three are NULL
-- where a perf session brought no context switches.
CREATE TABLE lock_outcome (
  lock_id INTEGER NOT NULL REFERENCES lock (id),
  op TEXT NOT NULL,          -- wait, wake, requeue, wake_op, lock_pi, trylock_pi, unlock_pi, waitv...
  outcome TEXT,              -- NULL: a perf session has the call's beginning only; slept, raced, eagain, timeout, interrupted, unfinished, under_way, error; woke_none, woke_some...
  calls INTEGER NOT NULL,
  total_ns INTEGER,          -- NULL: the outcome is
  oncpu_ns INTEGER,
  blocked_ns INTEGER,
  runnable_ns INTEGER,
  woken INTEGER,             -- threads woken (wake) or moved (requeue); NULL for waits, and where the outcome is
  kernel_lock_ns INTEGER     -- of total_ns, at locks of the kernel's own, spinning or asleep; NULL: not seen
) STRICT;
CREATE UNIQUE INDEX lock_outcome_by_lock ON lock_outcome (lock_id, op, outcome);

-- Waits (op = wait) by duration: log-linear buckets [low_ns, high_ns), at most 12.5 % wide.
CREATE TABLE wait_histogram (
  lock_id INTEGER NOT NULL REFERENCES lock (id),
  outcome TEXT NOT NULL,
  low_ns INTEGER NOT NULL,
  high_ns INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  PRIMARY KEY (lock_id, outcome, low_ns)
) STRICT, WITHOUT ROWID;

-- Sleeping waiters by the time from their wake to their running; buckets as above.
CREATE TABLE handoff_histogram (
  lock_id INTEGER NOT NULL REFERENCES lock (id),
  low_ns INTEGER NOT NULL,
  high_ns INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  PRIMARY KEY (lock_id, low_ns)
) STRICT, WITHOUT ROWID;

-- The ledger (mode `ledger`): one row per thread; tids come again in one run, so threads are numbered.
CREATE TABLE thread (
  run_id INTEGER NOT NULL REFERENCES run (id),
  thread INTEGER NOT NULL,   -- its number in the run, from 1
  tid INTEGER NOT NULL,
  comm TEXT,
  lifetime_ns INTEGER NOT NULL,
  syscalls INTEGER,
  faults INTEGER,            -- page faults, minor and major
  PRIMARY KEY (run_id, thread)
) STRICT, WITHOUT ROWID;
-- The states of one thread sum to its lifetime_ns, exactly.
CREATE TABLE thread_state (
  run_id INTEGER NOT NULL REFERENCES run (id),
  thread INTEGER NOT NULL,
  tid INTEGER NOT NULL,
  state TEXT NOT NULL,
  ns INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  PRIMARY KEY (run_id, thread, state)
) STRICT, WITHOUT ROWID;
-- What the cores that the command could use did beside running it.
CREATE TABLE core (
  run_id INTEGER PRIMARY KEY REFERENCES run (id),
  cores INTEGER NOT NULL,
  idle_ns INTEGER NOT NULL,  -- summed over the cores, from the command's start to its end
  other_ns INTEGER NOT NULL, -- other processes
  sample_period_ns INTEGER   -- of the clock behind `sample`; NULL: no samples were taken
) STRICT;
-- Samples of user code by what it was; of the kernel by state.  Their sum is all that were taken.
CREATE TABLE sample (
  run_id INTEGER NOT NULL REFERENCES run (id),
  class TEXT NOT NULL,       -- program, allocator, lock (spinning loops too), copy, unknown; page_fault, fault_entry, syscall_entry, kernel:STATE
  symbol TEXT,
  module TEXT,
  samples INTEGER NOT NULL,
  spinning INTEGER NOT NULL DEFAULT 0  -- of these, in class lock: in a loop that waits for another thread
) STRICT;
CREATE INDEX sample_by_run ON sample (run_id);
-- System calls on memory by kind (mode `profile`, mode `ledger`): all six kinds of each process.
CREATE TABLE memory_call (
  run_id INTEGER NOT NULL REFERENCES run (id),
  tgid INTEGER NOT NULL,
  kind TEXT NOT NULL,          -- mmap, munmap, mremap, madvise, mprotect, brk
  calls INTEGER NOT NULL,
  total_ns INTEGER NOT NULL,   -- thread time from the calls' entries to their exits
  blocked_ns INTEGER NOT NULL, -- of these asleep
  PRIMARY KEY (run_id, tgid, kind)
) STRICT, WITHOUT ROWID;
-- A few milliseconds of every thread; times from the window's beginning (a stretch may have begun before it).
CREATE TABLE timeline (
  run_id INTEGER NOT NULL REFERENCES run (id),
  thread INTEGER NOT NULL,
  state TEXT NOT NULL,
  from_ns INTEGER NOT NULL,
  until_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX timeline_by_run ON timeline (run_id);

-- What a traced run failed to record, by reason.  A row with count 0 says: watched for, and none.
CREATE TABLE loss (
  run_id INTEGER NOT NULL REFERENCES run (id),
  reason TEXT NOT NULL,
  count INTEGER NOT NULL,
  unit TEXT,                 -- of `count`: futex call (in no row of lock_outcome), probe run; NULL: neither
  PRIMARY KEY (run_id, reason)
) STRICT, WITHOUT ROWID;

-- BPF programs of a traced run, with the kernel's own run statistics where they were enabled.
CREATE TABLE probe (
  run_id INTEGER NOT NULL REFERENCES run (id),
  name TEXT NOT NULL,
  calls INTEGER,
  ns INTEGER,
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

-- Call paths, as a tree: each row is a frame under its caller's row.  Shared by samples and by waiters.
CREATE TABLE frame (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id),
  caller INTEGER REFERENCES frame (id), -- NULL: the outermost frame that is known
  symbol TEXT,               -- NULL: no symbol covers the address
  module TEXT,               -- '[kernel]' for the kernel's; NULL: in no file
  address INTEGER,           -- in the module's own addresses; NULL when the symbol is known
  class TEXT NOT NULL        -- program, allocator, lock, library, copy, unknown, kernel; missing: frames are missing here
) STRICT;
CREATE INDEX frame_by_run ON frame (run_id);
-- Samples with a call path: frame_id is the innermost frame.
CREATE TABLE frame_sample (
  frame_id INTEGER PRIMARY KEY REFERENCES frame (id),
  samples INTEGER NOT NULL
) STRICT;
-- Who waits: the call paths, by their innermost frame, of a random sample of a word's futex calls.
CREATE TABLE waiter (
  lock_id INTEGER NOT NULL REFERENCES lock (id),
  frame_id INTEGER NOT NULL REFERENCES frame (id),
  evidence TEXT NOT NULL,    -- how the path was found: frame pointers, unwind tables, return addresses, program counter
  waits INTEGER NOT NULL,    -- of the sampled waits (waitv and lock_pi too) those with this path
  wakes INTEGER NOT NULL,    -- of the other calls sampled
  PRIMARY KEY (lock_id, frame_id, evidence)
) STRICT, WITHOUT ROWID;
