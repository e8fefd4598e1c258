-- How long were the threads of each ledger run in each state, after calibration and division by samples?
-- Sums over the threads; over its states a run sums to the sum of its threads' lifetimes, exactly.  For each
-- system call calibration's entry_ns goes from state user to `syscall_entry` and its probes_ns to `probes`:
-- inside_ns of it from the call's own state, as far as there is so much, the rest from user, as far as there
-- is so much.  What is left of user is divided by samples (estimated = 1).  Without calibration nothing is
-- taken out or divided, state `user` has it all, and `syscall_entry` and `probes` are NULL; without samples
-- user is not divided.  Page faults are a part of user too, unless the kernel's handler was seen: then only
-- what leads to it and back is.  Waits for the kernel's locks are NULL where it has no event for them, and so
-- is sleep for mmap_lock where no row tells it from that for others (older recordings).  Calls: of futexes from
-- lock_outcome; on memory from entries, where each is timed; the rest is divided into random and other calls as the timed
-- ones were.
CREATE TEMP VIEW ledger_time AS
WITH
  seen AS ( -- by this kernel's hooks
    SELECT EXISTS (SELECT 1 FROM host WHERE key = 'hooks_page_faults' AND value <> 'none') AS faults,
           NOT EXISTS (SELECT 1 FROM host WHERE key = 'hooks_kernel_locks' AND value = 'none') AS locks
  ),
  measured AS (
    SELECT s.run_id, s.state, sum(s.ns) AS ns, sum(s.entries) AS entries
    FROM ledger_run AS r
    JOIN thread_state AS s ON s.run_id = r.run_id
    GROUP BY s.run_id, s.state
  ),
  known AS ( -- calls by state
    SELECT l.run_id, o.op IN ('wait', 'waitv', 'lock_pi', 'wait_requeue_pi') AS waits, iif(l.is_malloc, 'malloc', 'other') AS class,
           sum(o.calls) AS calls
    FROM ledger_run AS r
    JOIN lock AS l ON l.run_id = r.run_id
    JOIN lock_outcome AS o ON o.lock_id = l.id
    GROUP BY l.run_id, 2, 3
  ),
  made AS (
    SELECT run_id, iif(waits, 'wait', 'wake') AS kind,
           'futex_' || iif(waits, 'wait', 'wake') || '_' || class AS state, calls
    FROM known
    UNION ALL
    SELECT run_id, 'null', state, entries FROM measured WHERE state = 'memory'
  ),
  rest AS (
    SELECT r.run_id,
           max(0, (SELECT coalesce(sum(t.syscalls), 0) FROM thread AS t WHERE t.run_id = r.run_id)
                  - (SELECT coalesce(sum(m.calls), 0) FROM made AS m WHERE m.run_id = r.run_id)) AS calls,
           (SELECT coalesce(sum(m.entries) FILTER (WHERE m.state = 'random') * 1.0
                            / nullif(sum(m.entries), 0), 0)
            FROM measured AS m
            WHERE m.run_id = r.run_id AND m.state IN ('random', 'syscall')) AS random_share
    FROM ledger_run AS r
  ),
  call AS (
    SELECT * FROM made
    UNION ALL
    SELECT run_id, 'null', 'random', calls * random_share FROM rest
    UNION ALL
    SELECT run_id, 'null', 'syscall', calls * (1 - random_share) FROM rest
  ),
  inside AS (
    SELECT c.run_id, c.state, min(coalesce(m.ns, 0), CAST(round(c.calls * k.inside_ns) AS INTEGER)) AS ns
    FROM call AS c
    JOIN calibration AS k ON k.kind = c.kind
    LEFT JOIN measured AS m ON m.run_id = c.run_id AND m.state = c.state
  ),
  wanted AS (
    SELECT c.run_id, coalesce(m.ns, 0) AS user_ns,
           CAST(round(sum(c.calls * k.entry_ns)) AS INTEGER) AS entry_ns,
           CAST(round(sum(c.calls * k.probes_ns)) AS INTEGER)
             - (SELECT coalesce(sum(i.ns), 0) FROM inside AS i WHERE i.run_id = c.run_id) AS outside_ns
    FROM call AS c
    JOIN calibration AS k ON k.kind = c.kind
    LEFT JOIN measured AS m ON m.run_id = c.run_id AND m.state = 'user'
    GROUP BY c.run_id
  ),
  taken AS (
    SELECT run_id, user_ns, min(user_ns, entry_ns) AS entry_ns,
           min(user_ns - min(user_ns, entry_ns), outside_ns) AS outside_ns
    FROM wanted
  ),
  code AS ( -- user code and page faults; running sums are rounded, so that the parts sum to the whole
    SELECT t.run_id, s.class, t.user_ns - t.entry_ns - t.outside_ns AS whole, s.samples,
           s.low_share, s.high_share,
           s.before * 1.0 / s.n AS from_share, (s.before + s.samples) * 1.0 / s.n AS until_share
    FROM taken AS t
    JOIN ledger_sample AS s ON s.run_id = t.run_id
  ),
  each AS (
    SELECT r.run_id, n.state, n.position,
           CASE
             WHEN n.state = 'syscall_entry' THEN t.entry_ns
             WHEN n.state = 'probes' THEN t.outside_ns
               + (SELECT coalesce(sum(i.ns), 0) FROM inside AS i WHERE i.run_id = r.run_id)
             WHEN n.state = 'user' THEN
               iif(t.run_id IS NULL, coalesce(m.ns, 0), t.user_ns - t.entry_ns - t.outside_ns)
             WHEN c.class IS NOT NULL THEN CAST(round(c.whole * c.until_share) AS INTEGER)
               - CAST(round(c.whole * c.from_share) AS INTEGER)
             WHEN n.state IN ('mmap_lock', 'kernel_lock', 'mmap_lock_blocked', 'kernel_lock_blocked') AND NOT seen.locks THEN NULL
             WHEN n.state = 'mmap_lock_blocked' AND m.ns IS NULL
              AND (SELECT ns FROM measured AS k WHERE k.run_id = r.run_id AND k.state = 'kernel_lock_blocked') > 0 THEN NULL
             ELSE coalesce(m.ns, 0) - coalesce(i.ns, 0)
           END AS ns,
           c.class IS NOT NULL AS estimated, c.samples,
           CAST(round(c.whole * c.low_share) AS INTEGER) AS low_ns,
           CAST(round(c.whole * c.high_share) AS INTEGER) AS high_ns
    FROM ledger_run AS r
    JOIN ledger_state AS n ON n.position <= 29
    CROSS JOIN seen
    LEFT JOIN taken AS t ON t.run_id = r.run_id
    LEFT JOIN measured AS m ON m.run_id = r.run_id AND m.state = n.state
    LEFT JOIN inside AS i ON i.run_id = r.run_id AND i.state = n.state
    LEFT JOIN code AS c ON c.run_id = r.run_id AND c.class = n.state
    WHERE c.class IS NOT NULL
       OR n.kind <> 'user' AND n.state <> 'fault_entry' AND (n.state <> 'page_fault' OR seen.faults)
       OR n.state = 'user' AND r.run_id NOT IN (SELECT run_id FROM code)
  )
SELECT run_id, state, ns, estimated, samples, low_ns, high_ns
FROM each
ORDER BY run_id, position;
