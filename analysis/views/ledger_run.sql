-- Which runs have a ledger, and which one of them stands for its variant and thread count?
-- chosen is 1 for the run with the median wall time (of an even number the shorter of the two middle ones).
-- The accounts are made of that one run, not of medians or means: medians of parts don't sum to the median of
-- the whole, and contention has two modes, between which a mean describes a run that never was.
CREATE TEMP VIEW ledger_run AS
SELECT r.id AS run_id, r.variant, r.threads, r.rep, r.wall_ns, c.cores, r.wall_ns * c.cores AS core_ns,
       row_number() OVER same = (count(*) OVER (PARTITION BY r.variant, r.threads) + 1) / 2 AS chosen,
       count(*) OVER (PARTITION BY r.variant, r.threads) AS runs
FROM counted_run AS r
JOIN core AS c ON c.run_id = r.id
LEFT JOIN variant AS v ON v.name = r.variant
WHERE r.probes = 'ledger' AND r.wall_ns IS NOT NULL
WINDOW same AS (PARTITION BY r.variant, r.threads ORDER BY r.wall_ns, r.id)
ORDER BY v.position, r.variant, r.threads, r.wall_ns, r.id;
