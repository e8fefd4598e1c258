-- Which run does the answer speak of?
-- At most one.  Of a study the subject at its thread count: the ledger run with the median wall time; without a ledger
-- the first run with samples; else the first that counted futex calls.  Of a plain recording its run.  cpu_ns: the core
-- time of the command and its children; of what was attached to it is what its samples stand for; NULL: not measured; foreign_cpu_ns: that of others on `cores`, those
-- that heapwait might use; heapwait_cpu_ns: its own, NULL where `foreign_cpu_ns` has it.  usable_cores: those that the
-- command could use, by heapwait's affinity and its container's quota, which it inherits; what was attached to may use
-- others.
CREATE TEMP VIEW answer_run AS
WITH
  place AS (SELECT (SELECT variant FROM subject) AS variant, (SELECT threads FROM subject) AS threads),
  candidate AS (
    SELECT r.id, 1 AS choice, 0 AS position
    FROM counted_run AS r
    JOIN place AS p ON r.variant IS p.variant AND r.threads IS p.threads
    JOIN ledger_run AS l ON l.run_id = r.id AND l.chosen
    UNION ALL
    SELECT r.id, iif(r.id IN (SELECT run_id FROM sample), 2, 3), r.id
    FROM counted_run AS r
    JOIN place AS p ON r.variant IS p.variant AND r.threads IS p.threads
    WHERE r.probes <> 'none' OR r.variant IS NULL
  )
SELECT r.id AS run_id, r.variant, r.threads, r.command, r.probes, r.collector, r.libc, r.linkage, r.allocator,
       r.wall_ns,
       coalesce(r.user_ns + r.system_ns, r.sample_period_ns * (SELECT sum(samples) FROM sample WHERE run_id = r.id)) AS cpu_ns,
       coalesce((SELECT other_ns FROM core WHERE core.run_id = r.id), r.foreign_cpu_ns) AS foreign_cpu_ns,
       iif(EXISTS (SELECT 1 FROM core WHERE core.run_id = r.id), NULL, r.heapwait_cpu_ns) AS heapwait_cpu_ns, r.interrupted,
       coalesce((SELECT cores FROM core WHERE core.run_id = r.id),
                (SELECT cores FROM watched_cores)) AS cores,
       (SELECT min(n) FROM (
          SELECT CAST(value AS INTEGER) AS n FROM host WHERE key = 'cores'
          UNION ALL
          SELECT cores FROM core WHERE core.run_id = r.id
          UNION ALL
          SELECT iif(key = 'cores_allowed', CAST(value AS INTEGER),
                     CAST(value AS REAL) / nullif(CAST(substr(value, instr(value, ' ')) AS REAL), 0))
          FROM host
          WHERE key IN ('cores_allowed', 'cpu_quota') AND coalesce(r.exit_status, r.term_signal) IS NOT NULL)
        WHERE n > 0) AS usable_cores,
       r.probes = 'ledger' AND r.id IN (SELECT run_id FROM ledger_run) AS has_ledger,
       r.id IN (SELECT run_id FROM sample) AS has_samples,
       (SELECT count(*) FROM thread AS t WHERE t.run_id = r.id) AS threads_seen
FROM run AS r
WHERE r.id = (SELECT id FROM candidate ORDER BY choice, position LIMIT 1);
