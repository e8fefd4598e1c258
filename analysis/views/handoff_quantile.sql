-- How long do the fast, the usual and the slow handoffs of malloc's locks take?
-- Of handoff_distribution: half, nine tenths and 99 in 100 of the handoffs are over before so many ns (upper ends
-- of the buckets, so too long by at most 12.5 %), and all of them before most_ns.
CREATE TEMP VIEW handoff_quantile AS
SELECT d.variant, d.threads, sum(d.calls) AS handoffs,
       min(d.high_ns) FILTER (WHERE d.cumulative >= 0.5) AS half_ns,
       min(d.high_ns) FILTER (WHERE d.cumulative >= 0.9) AS ninety_ns,
       min(d.high_ns) FILTER (WHERE d.cumulative >= 0.99) AS ninety_nine_ns,
       max(d.high_ns) AS most_ns
FROM handoff_distribution AS d
LEFT JOIN variant AS v ON v.name = d.variant
GROUP BY d.variant, d.threads
ORDER BY v.position, d.variant, d.threads;
