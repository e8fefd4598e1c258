-- How many memory system calls did the answer's run make, how long were threads in them, and were they malloc's?
-- NULL where they weren't counted; blocked_ns: asleep in them.  lock_ns: asleep for mmap_lock, in them or at a page fault;
-- NULL without a ledger that tells it apart.  sampled: samples of memory calls; owned:
-- samples of the kernel at no futex whose call path comes from an allocator's function; NULL where no path of kernel code
-- was kept.  repeated: the share of the page faults that are for a page more than the most that were held at a time, so
-- that memory was given back and taken again; too low where a page has more than 4 KiB; NULL: not known.
CREATE TEMP VIEW answer_memory AS
WITH RECURSIVE
  up(leaf, id, samples, in_kernel, owned, futex, depth) AS (
    SELECT s.frame_id, f.caller, s.samples, f.class = 'kernel', f.class = 'allocator', coalesce(f.symbol LIKE '%futex%', 0), 1
    FROM answer_run AS a
    JOIN frame AS f ON f.run_id = a.run_id
    JOIN frame_sample AS s ON s.frame_id = f.id
    UNION ALL
    SELECT u.leaf, f.caller, u.samples, u.in_kernel, u.owned OR f.class = 'allocator',
           u.futex OR coalesce(f.symbol LIKE '%futex%', 0) OR f.class = 'lock', u.depth + 1
    FROM up AS u
    JOIN frame AS f ON f.id = u.id
    WHERE u.depth < 500
  ),
  owner AS (
    SELECT sum(samples) FILTER (WHERE in_kernel AND owned AND NOT futex) AS owned, count(*) FILTER (WHERE in_kernel) AS paths
    FROM up
    WHERE id IS NULL
  ),
  called AS (
    SELECT sum(c.calls) AS calls, sum(c.blocked_ns) AS blocked_ns, sum(c.total_ns) AS ns
    FROM answer_run AS a
    JOIN memory_call AS c ON c.run_id = a.run_id
  ),
  class AS (
    SELECT sum(s.samples) AS samples
    FROM answer_run AS a
    JOIN sample AS s ON s.run_id = a.run_id
    WHERE s.class IN ('kernel:memory', 'kernel:mmap_lock')
  )
SELECT c.calls, c.blocked_ns,
       (SELECT sum(t.ns) FROM answer_run AS a JOIN ledger_time AS t ON t.run_id = a.run_id
        WHERE a.has_ledger AND t.state = 'mmap_lock_blocked') AS lock_ns,
       c.ns AS total_ns, iif(o.paths > 0, coalesce(o.owned, 0), NULL) AS owned,
       iif(o.paths > 0, coalesce(k.samples, 0), NULL) AS sampled,
       (SELECT max(0, 1 - r.max_rss_bytes / 4096.0 / nullif(r.minor_faults, 0)) FROM run AS r JOIN answer_run AS a ON a.run_id = r.id)
         AS repeated
FROM called AS c
CROSS JOIN owner AS o
CROSS JOIN class AS k;
