-- Between which two ordered values do the medians of n rounds lie, for all comparisons of a family at once?
-- Bonferroni's inequality: that any of m intervals misses its median happens no more often than the sum of
-- what each misses, however they depend on each other.  So each may miss 0.05 / m: the largest rank with
-- m * 2 * tail <= 0.05 (order_tail).  The ranks are NULL where n rounds are too few for such an interval.  A
-- family of one is order_statistic, with n < 6 too.  coverage is of all of them at once, at least.  Source:
-- O. J. Dunn, "Multiple Comparisons Among Means", Journal of the American Statistical Association 56, 1961,
-- pages 52-64.
CREATE TEMP VIEW joint_statistic AS
SELECT reference, comparisons, n, max(rank) AS low_rank, n + 1 - max(rank) AS high_rank,
       1 - 2 * comparisons * max(tail) FILTER (WHERE rank IS NOT NULL) AS coverage
FROM (
  SELECT f.reference, f.comparisons, t.n, t.tail,
         iif(f.comparisons * t.tail <= 0.025 OR (f.comparisons = 1 AND t.rank = 1), t.rank, NULL) AS rank
  FROM comparison_family AS f
  JOIN order_tail AS t
  WHERE f.comparisons > 0
)
GROUP BY reference, n;
