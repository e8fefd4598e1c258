-- Between which two ordered values does the median of n independent runs lie, and how surely?
-- Distribution-free: the number B of runs below the true median is binomial (n, 1/2), whatever the
-- distribution, so P(X(l) <= median <= X(n+1-l)) = 1 - 2 P(B <= l-1).  The largest rank l with at least
-- 0.95 is taken; with n < 6 there is none, then it is the smallest and the largest value with the coverage
-- they really have (n = 1: 0). Source: H. A. David, H. N. Nagaraja, "Order Statistics", 3rd edition, Wiley
-- 2003, section 7.1. Goes as far as this recording needs (at least n = 30, at most 1000, where 0.5^n is
-- still a normal double).
CREATE TEMP VIEW order_statistic AS
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
SELECT n, max(rank) AS low_rank, n + 1 - max(rank) AS high_rank, 1 - 2 * max(tail) AS coverage
FROM walk
GROUP BY n;
