-- How many times as long as the baseline does each variant take, exec to end, round by round?
CREATE TEMP VIEW wall_ratio AS
SELECT m.variant, m.threads, m.runs AS rounds, m.median AS ratio, m.low, m.high, m.coverage,
       (SELECT variant FROM baseline) AS baseline
FROM quantity_median AS m
LEFT JOIN variant AS v ON v.name = m.variant
WHERE m.quantity = 'wall_ratio'
ORDER BY v.position, m.variant, m.threads, m.probes;
