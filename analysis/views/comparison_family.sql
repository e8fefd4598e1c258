-- How many comparisons does a study make at once with each reference?
-- reference `baseline`: of every other variant with the baseline, at every thread count (wall_ratio,
-- reported_ratio).  `subject`: of every other variant with whatever may be the verdict's subject, at every
-- thread count (beside_subject): which variant that is, and at which thread count it is looked at, may be
-- chosen by the times.  Two variants that may be are one comparison.
CREATE TEMP VIEW comparison_family AS
WITH cell AS (
  SELECT DISTINCT variant, threads, variant IN (SELECT variant FROM subject_candidate) AS candidate
  FROM counted_run
  WHERE variant IS NOT NULL AND probes = 'none'
)
SELECT 'baseline' AS reference, count(*) AS comparisons
FROM cell AS b
JOIN cell AS c ON c.threads IS b.threads AND c.variant <> b.variant
WHERE b.variant = (SELECT variant FROM baseline)
UNION ALL
SELECT 'subject', count(*)
FROM cell AS s
JOIN cell AS c ON c.threads IS s.threads AND c.variant > s.variant
WHERE s.candidate OR c.candidate;
