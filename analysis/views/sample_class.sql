-- What is a variant's user code, by its samples?
-- Over all its runs with samples (mode ledger, perf); page faults are the kernel's, but no event tells when one ends (see ledger_sample).  share is of the
-- samples of these classes, low_share and high_share are Wilson's 95 % interval.
CREATE TEMP VIEW sample_class AS
WITH RECURSIVE
  summed AS (
    SELECT r.variant, r.threads, s.class, n.label, n.position, sum(s.samples) AS samples,
           sum(sum(s.samples)) OVER (PARTITION BY r.variant, r.threads) AS n
    FROM counted_run AS r
    JOIN ledger_sample AS s ON s.run_id = r.id
    JOIN ledger_state AS n ON n.state = s.class
    GROUP BY r.variant, r.threads, s.class
  ),
  root(variant, threads, class, square, x, step) AS ( -- as in ledger_sample
    SELECT variant, threads, class, samples * 1.0 / n * (1 - samples * 1.0 / n) / n + 0.9604 / n / n, 1.0, 0
    FROM summed
    UNION ALL
    SELECT variant, threads, class, square, (x + square / x) / 2, step + 1 FROM root WHERE step < 40
  )
SELECT s.variant, s.threads, s.class, s.label, s.samples, s.samples * 1.0 / s.n AS share,
       iif(s.samples = 0, 0.0, (s.samples + 1.9208 - 1.96 * s.n * r.x) / (s.n + 3.8416)) AS low_share,
       iif(s.samples = s.n, 1.0, (s.samples + 1.9208 + 1.96 * s.n * r.x) / (s.n + 3.8416)) AS high_share
FROM summed AS s
JOIN root AS r ON r.variant IS s.variant AND r.threads IS s.threads AND r.class = s.class AND r.step = 40
LEFT JOIN variant AS v ON v.name = s.variant
ORDER BY v.position, s.variant, s.threads, s.position;
