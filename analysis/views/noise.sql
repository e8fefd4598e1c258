-- How busy was the machine with other work, round by round?
-- Untraced runs of a study only: beside a traced run heapwait itself is at work.  foreign_share: CPU time of
-- others over the CPU time there was (wall time x watched_cores); NULL where it was not measured.
CREATE TEMP VIEW noise AS
SELECT rep, count(*) AS runs, sum(foreign_cpu_ns) AS foreign_cpu_ns,
       sum(foreign_cpu_ns) * 1.0
         / nullif(sum(wall_ns) FILTER (WHERE foreign_cpu_ns IS NOT NULL)
                  * (SELECT cores FROM watched_cores), 0) AS foreign_share,
       max(load_average) AS max_load_average
FROM counted_run
WHERE probes = 'none' OR variant IS NULL
GROUP BY rep
ORDER BY rep;
