-- How much memory does each variant hold at its peak (resident set)?
CREATE TEMP VIEW memory AS
SELECT m.variant, m.threads, m.probes,
       m.runs, m.median AS median_bytes, m.low AS low_bytes, m.high AS high_bytes, m.coverage
FROM quantity_median AS m
LEFT JOIN variant AS v ON v.name = m.variant
WHERE m.quantity = 'max_rss_bytes'
ORDER BY v.position, m.variant, m.threads, m.probes;
