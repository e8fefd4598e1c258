-- Where does a variant's core time go?
-- core_state of one real run, the one with the median wall time among `runs` (see ledger_run): sums to that
-- run's wall time x cores, exactly.  share is of that.
CREATE TEMP VIEW core_account AS
SELECT s.variant, s.threads, s.state, s.label, s.position, s.kind, s.ns,
       s.ns * 1.0 / nullif(r.core_ns, 0) AS share, s.estimated, s.samples, s.low_ns, s.high_ns,
       r.runs, r.run_id, r.wall_ns, r.cores
FROM core_state AS s
JOIN ledger_run AS r ON r.run_id = s.run_id
LEFT JOIN variant AS v ON v.name = s.variant
WHERE r.chosen
ORDER BY v.position, s.variant, s.threads, s.position;
