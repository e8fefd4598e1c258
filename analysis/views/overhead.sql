-- What did measuring cost: the traced median over the untraced median of the same study?
CREATE TEMP VIEW overhead AS
SELECT t.variant, t.threads, t.probes, u.runs AS untraced_runs, t.runs AS traced_runs,
       u.median_ns AS untraced_ns, t.median_ns AS traced_ns, t.median_ns / nullif(u.median_ns, 0) AS ratio
FROM wall_time AS t
JOIN wall_time AS u ON u.variant IS t.variant AND u.threads IS t.threads AND u.probes = 'none'
LEFT JOIN variant AS v ON v.name = t.variant
WHERE t.probes <> 'none'
ORDER BY v.position, t.variant, t.threads, t.probes;
