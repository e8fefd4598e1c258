-- Which variant, at which thread count, does the verdict speak of?
-- Of those that may be (subject_candidate) whichever takes longest beside the baseline, at the measured
-- thread count of two or more where its ratio to the baseline is largest (one thread, if there is no other).
-- The ratio's columns are NULL without a baseline to compare with.  No row: no run of a variant counts.
CREATE TEMP VIEW subject AS
SELECT c.variant, c.threads, (SELECT variant FROM baseline) AS baseline,
       m.rounds, m.ratio, m.low, m.high, m.coverage, m.comparisons, m.joint_low, m.joint_high
FROM (SELECT DISTINCT variant, threads FROM counted_run
      WHERE variant IN (SELECT variant FROM subject_candidate)) AS c
LEFT JOIN wall_ratio AS m ON m.variant = c.variant AND m.threads IS c.threads
LEFT JOIN variant AS v ON v.name = c.variant
ORDER BY coalesce(c.threads >= 2, 0) DESC, m.ratio DESC, v.position, c.variant, c.threads
LIMIT 1;
