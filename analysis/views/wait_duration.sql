-- How long do waits last, whatever their outcome?
-- Sums over the traced runs; class is malloc or other.  share and cumulative_share are of all waits of the
-- same variant, thread count and class; cumulative_share is the part that is over before high_ns.
CREATE TEMP VIEW wait_duration AS
WITH summed AS (
  SELECT r.variant, r.threads, iif(l.is_malloc, 'malloc', 'other') AS class, h.low_ns, h.high_ns,
         sum(h.calls) AS calls
  FROM traced_run AS r
  JOIN lock AS l ON l.run_id = r.id
  JOIN wait_histogram AS h ON h.lock_id = l.id
  GROUP BY r.variant, r.threads, class, h.low_ns, h.high_ns
)
SELECT s.variant, s.threads, s.class, s.low_ns, s.high_ns, s.calls,
       s.calls * 1.0 / nullif(sum(s.calls) OVER same, 0) AS share,
       sum(s.calls) OVER (same ORDER BY s.low_ns, s.high_ns)
         * 1.0 / nullif(sum(s.calls) OVER same, 0) AS cumulative_share
FROM summed AS s
LEFT JOIN variant AS v ON v.name = s.variant
WINDOW same AS (PARTITION BY s.variant, s.threads, s.class)
ORDER BY v.position, s.variant, s.threads, s.class, s.low_ns;
