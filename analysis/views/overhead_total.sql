-- What did measuring cost over all variants and thread counts?
-- The median of overhead's ratios with its interval (one value per variant and thread count), and the
-- extremes.
CREATE TEMP VIEW overhead_total AS
WITH ranked AS (
  SELECT probes, ratio, row_number() OVER (PARTITION BY probes ORDER BY ratio) AS rank,
         count(*) OVER (PARTITION BY probes) AS n
  FROM overhead
  WHERE ratio IS NOT NULL
)
SELECT k.probes, k.n AS cells,
       avg(k.ratio) FILTER (WHERE k.rank IN ((k.n + 1) / 2, (k.n + 2) / 2)) AS ratio,
       max(k.ratio) FILTER (WHERE k.rank = o.low_rank) AS low,
       max(k.ratio) FILTER (WHERE k.rank = o.high_rank) AS high,
       o.coverage, min(k.ratio) AS least, max(k.ratio) AS most
FROM ranked AS k
LEFT JOIN order_statistic AS o ON o.n = k.n
GROUP BY k.probes
ORDER BY k.probes;
