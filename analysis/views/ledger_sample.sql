-- How was the user time of each run with samples (mode ledger, perf) spent, by its samples?
-- Samples of user code by class, and of page faults (the kernel's, but no event tells when one ends; where
-- the handler has a time of its own, of what leads to it and back); share
-- is of all of these in the run; low_share and high_share are Wilson's 95 % interval (z = 1.96): E. B.
-- Wilson, "Probable Inference", J. Am. Stat. Assoc. 22, 1927.  before: the samples of the classes before it.
CREATE TEMP VIEW ledger_sample AS
WITH RECURSIVE
  class(position, name) AS (
    SELECT position, state FROM ledger_state
    WHERE kind = 'user' AND state <> 'user'
       OR state = iif(EXISTS (SELECT 1 FROM host WHERE key = 'hooks_page_faults' AND value <> 'none'), 'fault_entry', 'page_fault')
  ),
  counted AS (
    SELECT l.id AS run_id, c.position, c.name AS class,
           (SELECT coalesce(sum(s.samples), 0) FROM sample AS s
            WHERE s.run_id = l.id AND s.class = c.name) AS samples
    FROM counted_run AS l
    CROSS JOIN class AS c
    WHERE l.id IN (SELECT run_id FROM sample)
  ),
  summed AS (
    SELECT *, sum(samples) OVER (PARTITION BY run_id) AS n,
           sum(samples) OVER (PARTITION BY run_id ORDER BY position) - samples AS before
    FROM counted
  ),
  root(run_id, class, square, x, step) AS ( -- Newton's: SQLite may have been built without sqrt()
    SELECT run_id, class, samples * 1.0 / n * (1 - samples * 1.0 / n) / n + 0.9604 / n / n, 1.0, 0
    FROM summed
    WHERE n > 0
    UNION ALL
    SELECT run_id, class, square, (x + square / x) / 2, step + 1 FROM root WHERE step < 40
  )
SELECT s.run_id, s.class, s.samples, s.n, s.before, s.samples * 1.0 / s.n AS share,
       iif(s.samples = 0, 0.0, (s.samples + 1.9208 - 1.96 * s.n * r.x) / (s.n + 3.8416)) AS low_share,
       iif(s.samples = s.n, 1.0, (s.samples + 1.9208 + 1.96 * s.n * r.x) / (s.n + 3.8416)) AS high_share
FROM summed AS s
JOIN root AS r ON r.run_id = s.run_id AND r.class = s.class AND r.step = 40
ORDER BY s.run_id, s.position;
