-- How surely does the median of n independent runs lie beyond their rank-th value?
-- Distribution-free: the number B of runs below the true median is binomial (n, 1/2), whatever the
-- distribution; tail is P(B <= rank-1), of one side.  As far as 0.025, and rank 1 in any case.  Goes as far
-- as this recording needs (at least n = 30, at most 1000, where 0.5^n is still a normal double).
CREATE TEMP VIEW order_tail AS
WITH RECURSIVE
  need(n) AS (
    SELECT min(1000, max(30, coalesce(max(runs), 0), count(*)))
    FROM (SELECT count(*) AS runs FROM run GROUP BY variant, threads, probes)
  ),
  size(n, none_below) AS ( -- none_below: P(B = 0)
    SELECT 1, 0.5
    UNION ALL
    SELECT size.n + 1, size.none_below / 2 FROM size, need WHERE size.n < need.n
  ),
  walk(n, rank, term, tail) AS ( -- term: P(B = rank-1), tail: P(B <= rank-1)
    SELECT n, 1, none_below, none_below FROM size
    UNION ALL
    SELECT n, rank + 1, term * (n - rank + 1) / rank, tail + term * (n - rank + 1) / rank
    FROM walk
    WHERE tail + term * (n - rank + 1) / rank <= 0.025
  )
SELECT n, rank, tail
FROM walk;
