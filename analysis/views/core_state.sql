-- Where did the time of the cores go, in each ledger run?
-- Over its states a run sums to wall time x cores, exactly: on-CPU states of its threads (ledger_time), idle
-- cores, other processes, and what remains as `unexplained` (it may be below zero: counted twice).  ns of
-- `syscall_entry` and `probes` is NULL without calibration.  low_ns and high_ns: the 95 % interval of what is
-- estimated from samples, else NULL.
CREATE TEMP VIEW core_state AS
WITH whole AS (
  SELECT run_id, state, ns, estimated, samples, low_ns, high_ns FROM ledger_time
  UNION ALL
  SELECT run_id, 'idle', idle_ns, 0, NULL, NULL, NULL FROM core
  UNION ALL
  SELECT run_id, 'other_processes', other_ns, 0, NULL, NULL, NULL FROM core
  UNION ALL -- ledger_time moves time between states, but leaves its sum as thread_state has it
  SELECT r.run_id, 'unexplained',
         r.core_ns - c.idle_ns - c.other_ns
           - (SELECT coalesce(sum(t.ns), 0) FROM thread_state AS t JOIN ledger_state AS n ON n.state = t.state
              WHERE t.run_id = r.run_id AND n.on_cpu),
         0, NULL, NULL, NULL
  FROM ledger_run AS r
  JOIN core AS c ON c.run_id = r.run_id
)
SELECT r.run_id, r.variant, r.threads, w.state, n.label, n.position, n.kind, w.ns, w.estimated, w.samples,
       w.low_ns, w.high_ns
FROM whole AS w
JOIN ledger_run AS r ON r.run_id = w.run_id
JOIN ledger_state AS n ON n.state = w.state
LEFT JOIN variant AS v ON v.name = r.variant
WHERE n.on_cpu OR n.kind IN ('idle', 'other', 'unexplained')
ORDER BY v.position, r.variant, r.threads, r.run_id, n.position;
