-- What is the median of each quantity for a variant and thread count, and between what does it lie?
-- The median of an even number of runs is the mean of the two middle values.  The interval is
-- order_statistic's; a single run has itself as both ends and coverage 0: that is no interval.
CREATE TEMP VIEW quantity_median AS
SELECT ranked.quantity, ranked.variant, ranked.threads, ranked.probes, ranked.n AS runs,
       avg(ranked.value) FILTER (WHERE ranked.rank IN ((ranked.n + 1) / 2, (ranked.n + 2) / 2)) AS median,
       max(ranked.value) FILTER (WHERE ranked.rank = o.low_rank) AS low,
       max(ranked.value) FILTER (WHERE ranked.rank = o.high_rank) AS high,
       o.coverage
FROM (
  SELECT quantity, variant, threads, probes, value,
         row_number() OVER (PARTITION BY quantity, variant, threads, probes ORDER BY value) AS rank,
         count(*) OVER (PARTITION BY quantity, variant, threads, probes) AS n
  FROM run_quantity
  WHERE value IS NOT NULL
) AS ranked
LEFT JOIN order_statistic AS o ON o.n = ranked.n
GROUP BY ranked.quantity, ranked.variant, ranked.threads, ranked.probes;
