-- What is the median of each quantity for a variant and thread count, and between what does it lie?
-- The median of an even number of runs is the mean of the two middle values.  The interval is
-- order_statistic's; a single run has itself as both ends and coverage 0: that is no interval.  Of ratios to
-- the baseline there is another one, joint_statistic's: it holds for all comparisons of the family at once,
-- and what is judged goes by it.  Its ends are NULL where there are too few rounds, and of other quantities.
CREATE TEMP VIEW quantity_median AS
SELECT ranked.quantity, ranked.variant, ranked.threads, ranked.probes, ranked.n AS runs,
       avg(ranked.value) FILTER (WHERE ranked.rank IN ((ranked.n + 1) / 2, (ranked.n + 2) / 2)) AS median,
       max(ranked.value) FILTER (WHERE ranked.rank = o.low_rank) AS low,
       max(ranked.value) FILTER (WHERE ranked.rank = o.high_rank) AS high,
       o.coverage, j.comparisons,
       max(ranked.value) FILTER (WHERE ranked.rank = j.low_rank) AS joint_low,
       max(ranked.value) FILTER (WHERE ranked.rank = j.high_rank) AS joint_high
FROM (
  SELECT quantity, variant, threads, probes, value,
         row_number() OVER (PARTITION BY quantity, variant, threads, probes ORDER BY value) AS rank,
         count(*) OVER (PARTITION BY quantity, variant, threads, probes) AS n
  FROM run_quantity
  WHERE value IS NOT NULL
) AS ranked
LEFT JOIN order_statistic AS o ON o.n = ranked.n
LEFT JOIN joint_statistic AS j ON j.reference = 'baseline' AND j.n = ranked.n
  AND ranked.quantity IN ('wall_ratio', 'reported_ratio')
GROUP BY ranked.quantity, ranked.variant, ranked.threads, ranked.probes;
