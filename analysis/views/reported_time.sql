-- How long does each variant say it took?
CREATE TEMP VIEW reported_time AS
SELECT m.variant, m.threads, m.probes,
       m.runs, m.median AS median_ns, m.low AS low_ns, m.high AS high_ns, m.coverage
FROM quantity_median AS m
LEFT JOIN variant AS v ON v.name = m.variant
WHERE m.quantity = 'reported_ns'
ORDER BY v.position, m.variant, m.threads, m.probes;
