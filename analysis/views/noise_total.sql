-- How busy was the machine with other work over the whole recording?
-- As noise, over all rounds.
CREATE TEMP VIEW noise_total AS
SELECT count(*) AS runs, count(foreign_cpu_ns) AS measured_runs, sum(foreign_cpu_ns) AS foreign_cpu_ns,
       sum(foreign_cpu_ns) * 1.0
         / nullif(sum(wall_ns) FILTER (WHERE foreign_cpu_ns IS NOT NULL)
                  * (SELECT cores FROM watched_cores), 0) AS foreign_share,
       max(load_average) AS max_load_average
FROM counted_run
WHERE probes = 'none' OR variant IS NULL;
