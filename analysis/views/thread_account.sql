-- Where does the time of a variant's threads go, waiting included?
-- ledger_time of the run with the median wall time (see ledger_run): sums to the sum of its threads'
-- lifetimes, exactly.  share is of that.
CREATE TEMP VIEW thread_account AS
SELECT r.variant, r.threads, t.state, n.label, n.position, n.kind, t.ns,
       t.ns * 1.0 / nullif(sum(t.ns) OVER (PARTITION BY r.run_id), 0) AS share, t.estimated, r.runs, r.run_id
FROM ledger_time AS t
JOIN ledger_run AS r ON r.run_id = t.run_id
JOIN ledger_state AS n ON n.state = t.state
LEFT JOIN variant AS v ON v.name = r.variant
WHERE r.chosen
ORDER BY v.position, r.variant, r.threads, n.position;
