-- What did every thread do in a few milliseconds of one run?
-- Of the ledger run that stands for its variant and thread count, or the next one that has a timeline.  Times
-- are from the window's beginning; what began before it begins at 0, what ended after it keeps its end.
CREATE TEMP VIEW timeline_stretch AS
WITH ranked AS (
  SELECT r.run_id, r.variant, r.threads,
         row_number() OVER (PARTITION BY r.variant, r.threads
                            ORDER BY r.chosen DESC, r.wall_ns, r.run_id) AS rank
  FROM ledger_run AS r
  WHERE EXISTS (SELECT 1 FROM timeline AS t WHERE t.run_id = r.run_id)
)
SELECT r.run_id, r.variant, r.threads, t.thread, t.state, n.label, n.position, n.kind,
       max(t.from_ns, 0) AS from_ns, t.until_ns
FROM ranked AS r
JOIN timeline AS t ON t.run_id = r.run_id
LEFT JOIN ledger_state AS n ON n.state = t.state
LEFT JOIN variant AS v ON v.name = r.variant
WHERE r.rank = 1 AND t.until_ns > 0
ORDER BY v.position, r.variant, r.threads, t.thread, t.from_ns, t.until_ns;
