-- Where does the time of a variant's threads go, waiting included?
-- ledger_time of the run with the median wall time (see ledger_run): sums to the sum of its threads'
-- lifetimes, exactly.  share is of that.  Where sleep for mmap_lock is not told apart, the label of sleep for the kernel's
-- locks says so.
CREATE TEMP VIEW thread_account AS
SELECT r.variant, r.threads, t.state,
       iif(t.state = 'kernel_lock_blocked'
             AND EXISTS (SELECT 1 FROM ledger_time AS m WHERE m.run_id = t.run_id AND m.state = 'mmap_lock_blocked' AND m.ns IS NULL),
           'asleep for kernel locks', n.label) AS label, n.position, n.kind, t.ns,
       t.ns * 1.0 / nullif(sum(t.ns) OVER (PARTITION BY r.run_id), 0) AS share, t.estimated, r.runs, r.run_id
FROM ledger_time AS t
JOIN ledger_run AS r ON r.run_id = t.run_id
JOIN ledger_state AS n ON n.state = t.state
LEFT JOIN variant AS v ON v.name = r.variant
WHERE r.chosen
ORDER BY v.position, r.variant, r.threads, n.position;
