-- How was the core time of the answer's run spent, by state?
-- With a ledger ns is measured, or estimated from samples (then low_ns and high_ns are its interval); without one
-- `samples` are those of the state.  heapwait's probes are left out.  Futex calls are in answer_word, exactly.
CREATE TEMP VIEW answer_part AS
SELECT c.state, n.kind, n.label, n.position, c.ns, c.low_ns, c.high_ns, c.samples
FROM answer_run AS a
JOIN core_state AS c ON c.run_id = a.run_id
JOIN ledger_state AS n ON n.state = c.state
WHERE a.has_ledger AND n.kind IN ('user', 'kernel')
UNION ALL
SELECT n.state, n.kind, n.label, n.position, NULL, NULL, NULL, sum(s.samples)
FROM answer_run AS a
JOIN sample AS s ON s.run_id = a.run_id
JOIN ledger_state AS n ON n.state = iif(s.class GLOB 'kernel:*', substr(s.class, 8), s.class)
WHERE NOT a.has_ledger
GROUP BY n.state
ORDER BY 4;
