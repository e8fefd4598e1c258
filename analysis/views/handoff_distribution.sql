-- How long does it take from the wake of a waiter asleep for a malloc lock to its running?
-- Sums over the traced runs; share and cumulative are of all handoffs of the variant and thread count;
-- cumulative is the part that is over before high_ns.
CREATE TEMP VIEW handoff_distribution AS
WITH summed AS (
  SELECT r.variant, r.threads, h.low_ns, h.high_ns, sum(h.calls) AS calls
  FROM traced_run AS r
  JOIN lock AS l ON l.run_id = r.id
  JOIN handoff_histogram AS h ON h.lock_id = l.id
  WHERE l.is_malloc
  GROUP BY r.variant, r.threads, h.low_ns, h.high_ns
)
SELECT s.variant, s.threads, s.low_ns, s.high_ns, s.calls,
       s.calls * 1.0 / nullif(sum(s.calls) OVER same, 0) AS share,
       sum(s.calls) OVER (same ORDER BY s.low_ns, s.high_ns)
         * 1.0 / nullif(sum(s.calls) OVER same, 0) AS cumulative
FROM summed AS s
LEFT JOIN variant AS v ON v.name = s.variant
WINDOW same AS (PARTITION BY s.variant, s.threads)
ORDER BY v.position, s.variant, s.threads, s.low_ns;
