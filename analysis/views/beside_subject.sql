-- How many times as long as the verdict's subject does each other variant take, round by round?
-- At the subject's thread count, untraced against untraced in the same interleaved round; below 1 it is
-- faster.  low and high are the ratio's interval by itself, joint_low and joint_high that among all
-- `comparisons`.
CREATE TEMP VIEW beside_subject AS
WITH
  paired AS (
    SELECT r.variant, r.threads, 1.0 * r.wall_ns / nullif(b.wall_ns, 0) AS ratio
    FROM subject AS s
    JOIN counted_run AS b ON b.variant = s.variant AND b.threads IS s.threads AND b.probes = 'none'
    JOIN counted_run AS r ON r.variant <> s.variant AND r.threads IS b.threads AND r.rep = b.rep
      AND r.probes = 'none'
  ),
  ranked AS (
    SELECT *, row_number() OVER (PARTITION BY variant ORDER BY ratio) AS rank,
           count(*) OVER (PARTITION BY variant) AS n
    FROM paired
    WHERE ratio IS NOT NULL
  )
SELECT k.variant, k.threads, k.n AS rounds,
       avg(k.ratio) FILTER (WHERE k.rank IN ((k.n + 1) / 2, (k.n + 2) / 2)) AS ratio,
       max(k.ratio) FILTER (WHERE k.rank = o.low_rank) AS low,
       max(k.ratio) FILTER (WHERE k.rank = o.high_rank) AS high,
       o.coverage, j.comparisons,
       max(k.ratio) FILTER (WHERE k.rank = j.low_rank) AS joint_low,
       max(k.ratio) FILTER (WHERE k.rank = j.high_rank) AS joint_high
FROM ranked AS k
LEFT JOIN order_statistic AS o ON o.n = k.n
LEFT JOIN joint_statistic AS j ON j.reference = 'subject' AND j.n = k.n
LEFT JOIN variant AS v ON v.name = k.variant
GROUP BY k.variant, k.threads
ORDER BY v.position, k.variant;
