-- Which variants may be the subject of the verdict, before any time is looked at?
-- `musl` where it was measured; else the static musl variants; else all but the baseline; the baseline only
-- when nothing else was measured.
CREATE TEMP VIEW subject_candidate AS
WITH choice AS (
  SELECT c.variant,
         CASE
           WHEN c.variant IS (SELECT variant FROM baseline) THEN 4
           WHEN c.variant = 'musl' THEN 1
           WHEN v.libc LIKE 'musl%' AND v.linkage LIKE 'static%' THEN 2
           ELSE 3
         END AS rank
  FROM (SELECT DISTINCT variant FROM counted_run WHERE variant IS NOT NULL) AS c
  LEFT JOIN variant AS v ON v.name = c.variant
)
SELECT variant
FROM choice
WHERE rank = (SELECT min(rank) FROM choice);
