-- How many times as long as the baseline does each variant take, exec to end, round by round?
-- low and high are the ratio's interval by itself, joint_low and joint_high that among all `comparisons`.
CREATE TEMP VIEW wall_ratio AS
SELECT m.variant, m.threads, m.runs AS rounds, m.median AS ratio, m.low, m.high, m.coverage,
       m.comparisons, m.joint_low, m.joint_high, (SELECT variant FROM baseline) AS baseline
FROM quantity_median AS m
LEFT JOIN variant AS v ON v.name = m.variant
WHERE m.quantity = 'wall_ratio'
ORDER BY v.position, m.variant, m.threads, m.probes;
