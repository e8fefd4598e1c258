-- How many passwords per second does each variant make?
CREATE TEMP VIEW throughput AS
SELECT m.variant, m.threads, m.probes, m.runs, m.median AS per_second, m.low, m.high, m.coverage
FROM quantity_median AS m
LEFT JOIN variant AS v ON v.name = m.variant
WHERE m.quantity = 'passwords_per_second'
ORDER BY v.position, m.variant, m.threads, m.probes;
