-- Which variants were measured, and what is missing?
-- status: measured; partly (some runs don't count); failed (no run counts); absent (could not be built, see
-- absent_reason); not run (the study ended before, or left it out).
CREATE TEMP VIEW variant_status AS
WITH counted AS (
  SELECT v.name, (SELECT count(*) FROM run AS r WHERE r.variant = v.name) AS runs,
         (SELECT count(*) FROM run AS r WHERE r.variant = v.name)
           - (SELECT count(*) FROM failed_run AS r WHERE r.variant = v.name) AS counted_runs
  FROM variant AS v
)
SELECT v.name AS variant, v.position, v.libc, v.linkage, v.allocator, v.command,
       CASE
         WHEN v.absent_reason IS NOT NULL THEN 'absent'
         WHEN c.runs = 0 THEN 'not run'
         WHEN c.counted_runs = 0 THEN 'failed'
         WHEN c.counted_runs < c.runs THEN 'partly'
         ELSE 'measured'
       END AS status,
       v.absent_reason, c.runs, c.counted_runs, c.runs - c.counted_runs AS failed_runs,
       (SELECT f.reason FROM failed_run AS f WHERE f.variant = v.name
        ORDER BY f.run_id LIMIT 1) AS first_failure
FROM variant AS v
JOIN counted AS c ON c.name = v.name
ORDER BY v.position, v.name;
