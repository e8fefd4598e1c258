-- Where does a variant's extra core time over the baseline go?
-- The difference of the two core_accounts, state by state: sums to the difference in wall time x cores,
-- exactly. share is of that whole difference (below zero: less time than the baseline there).
CREATE TEMP VIEW slowdown AS
WITH
  here AS (SELECT * FROM core_account WHERE variant <> (SELECT variant FROM baseline)),
  there AS (SELECT * FROM core_account WHERE variant = (SELECT variant FROM baseline)),
  pair AS (
    SELECT h.variant, h.threads, h.state, h.ns,
           coalesce(t.ns, iif(t.state IS NULL, 0, NULL)) AS baseline_ns
    FROM here AS h
    LEFT JOIN there AS t ON t.threads IS h.threads AND t.state = h.state
    WHERE EXISTS (SELECT 1 FROM there AS t WHERE t.threads IS h.threads)
    UNION ALL -- states that only the baseline has: its user code is divided and the variant's is not, or so
    SELECT h.variant, h.threads, t.state, 0, t.ns
    FROM (SELECT DISTINCT variant, threads FROM here) AS h
    JOIN there AS t ON t.threads IS h.threads
    WHERE NOT EXISTS (SELECT 1 FROM here AS o WHERE o.variant = h.variant AND o.threads IS h.threads
                                                AND o.state = t.state)
  )
SELECT p.variant, (SELECT variant FROM baseline) AS baseline, p.threads, p.state, n.label, n.position, n.kind,
       p.ns, p.baseline_ns, p.ns - p.baseline_ns AS delta_ns,
       (p.ns - p.baseline_ns) * 1.0
         / nullif(sum(p.ns - p.baseline_ns) OVER (PARTITION BY p.variant, p.threads), 0) AS share
FROM pair AS p
JOIN ledger_state AS n ON n.state = p.state
LEFT JOIN variant AS v ON v.name = p.variant
ORDER BY v.position, p.variant, p.threads, n.position;
