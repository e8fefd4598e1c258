-- Which functions were sampled most?
-- User code only, over all runs with samples (mode ledger, perf) of the variant and thread count; symbol is NULL where none covers the
-- address, module where it lies in no file.  share is of all samples of user code there.
CREATE TEMP VIEW hottest_function AS
WITH summed AS (
  SELECT r.variant, r.threads, s.class, s.symbol, s.module, sum(s.samples) AS samples
  FROM counted_run AS r
  JOIN sample AS s ON s.run_id = r.id
  WHERE s.class IN ('program', 'allocator', 'lock', 'copy', 'unknown')
  GROUP BY r.variant, r.threads, s.class, s.symbol, s.module
)
SELECT s.variant, s.threads,
       row_number() OVER (PARTITION BY s.variant, s.threads
                          ORDER BY s.samples DESC, s.class, s.symbol, s.module) AS rank,
       s.class, s.symbol, s.module, s.samples,
       s.samples * 1.0 / nullif(sum(s.samples) OVER (PARTITION BY s.variant, s.threads), 0) AS share
FROM summed AS s
LEFT JOIN variant AS v ON v.name = s.variant
ORDER BY v.position, s.variant, s.threads, rank;
