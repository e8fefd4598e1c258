-- Where does a variant's extra core time over the baseline go?
-- The difference of the two core_accounts, state by state: sums to the difference in wall time x cores,
-- exactly. share is of that whole difference (below zero: less time than the baseline there).
CREATE TEMP VIEW slowdown AS
WITH
  pair AS (
    SELECT h.variant, b.variant AS baseline, h.threads, h.run_id, b.run_id AS baseline_run
    FROM ledger_run AS h
    JOIN ledger_run AS b ON b.threads IS h.threads AND b.chosen
    WHERE h.chosen AND h.variant <> b.variant AND b.variant = (SELECT variant FROM baseline)
  ),
  both AS ( -- a state without a row is zero: user code of one is divided, of the other it is not
    SELECT p.variant, p.baseline, p.threads, s.state, s.label, s.position, s.kind,
           iif(sum(s.run_id = p.run_id), sum(s.ns) FILTER (WHERE s.run_id = p.run_id), 0) AS ns,
           iif(sum(s.run_id = p.baseline_run), sum(s.ns) FILTER (WHERE s.run_id = p.baseline_run), 0)
             AS baseline_ns
    FROM pair AS p
    JOIN core_state AS s ON s.run_id IN (p.run_id, p.baseline_run)
    GROUP BY p.variant, p.threads, s.state
  )
SELECT o.variant, o.baseline, o.threads, o.state, o.label, o.position, o.kind,
       o.ns, o.baseline_ns, o.ns - o.baseline_ns AS delta_ns,
       (o.ns - o.baseline_ns) * 1.0
         / nullif(sum(o.ns - o.baseline_ns) OVER (PARTITION BY o.variant, o.threads), 0) AS share
FROM both AS o
LEFT JOIN variant AS v ON v.name = o.variant
ORDER BY v.position, o.variant, o.threads, o.position;
