-- Which runs don't count, and why?
-- Of a study: those that went wrong, runs beside its rounds (see counted_run) included.
CREATE TEMP VIEW failed_run AS
SELECT r.id AS run_id, r.variant, r.threads, r.probes, r.rep,
       CASE
         WHEN r.failure IS NOT NULL THEN r.failure
         WHEN r.timed_out THEN 'timed out'
         ELSE 'interrupted'
       END AS reason
FROM run AS r
LEFT JOIN variant AS v ON v.name = r.variant
WHERE r.variant IS NOT NULL AND (r.failure IS NOT NULL OR r.timed_out <> 0 OR r.interrupted <> 0)
ORDER BY v.position, r.variant, r.threads, r.id;
