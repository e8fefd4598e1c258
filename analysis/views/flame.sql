-- What calls what, and how much of the samples is in it?
-- The call paths of a variant's and thread count's runs as one tree: frames of one symbol and module under
-- the same callers are one node (frames without a symbol: of one module).  Rows come callers first, children by
-- name: position numbers them.  x is where a node begins and samples how wide it is, in samples, those of the
-- frames it called included; what ended in the node itself (self) lies at its left.  class is the frame's, and
-- `futex` for the kernel's code in a futex call: from a function of the futexes' own on, or from the entry of a
-- system call that a lock function makes.  Paths of more than 1024 frames, which
-- no recorder makes, are left out.
CREATE TEMP VIEW flame AS
WITH RECURSIVE
  node AS MATERIALIZED ( -- a number for each name, in their order
    SELECT f.id, f.caller, f.run_id, f.symbol, f.module, f.class,
           CASE WHEN f.symbol IS NOT NULL THEN f.symbol
                WHEN f.module LIKE '[%' THEN f.module
                ELSE '[' || coalesce(f.module, 'unknown') || ']' END AS label,
           dense_rank() OVER (ORDER BY coalesce(f.symbol, '[' || f.module), f.symbol IS NULL, f.module, f.class) AS name,
           coalesce(f.symbol LIKE '%futex%', 0) AS is_futex,
           coalesce(f.symbol LIKE 'entry_SYSCALL%' OR f.symbol LIKE 'el0_svc%', 0) AS is_entry
    FROM frame AS f
    WHERE f.run_id IN (SELECT id FROM sampled_run)
  ),
  called(id, run_id, path, depth, in_futex, by_lock) AS MATERIALIZED ( -- by_lock: of the user's functions the innermost
    SELECT id, run_id, printf('%08x', name), 1, class = 'kernel' AND is_futex, class = 'lock'
    FROM node
    WHERE caller IS NULL
    UNION ALL
    SELECT n.id, n.run_id, c.path || printf('%08x', n.name), c.depth + 1,
           n.class = 'kernel' AND (c.in_futex OR n.is_futex OR (c.by_lock AND n.is_entry)),
           n.class = 'lock' OR (n.class = 'kernel' AND c.by_lock)
    FROM called AS c
    JOIN node AS n ON n.caller = c.id AND n.run_id = c.run_id
    WHERE c.depth < 1024
  ),
  up(id, samples, self) AS ( -- each sample at its innermost frame and at all of its callers
    SELECT s.frame_id, s.samples, s.samples
    FROM frame_sample AS s
    WHERE s.frame_id IN (SELECT id FROM called) -- so that there is an outermost frame: no circle
    UNION ALL
    SELECT f.caller, u.samples, 0 FROM up AS u JOIN frame AS f ON f.id = u.id WHERE f.caller IS NOT NULL
  ),
  counted AS (
    SELECT id, sum(samples) AS samples, sum(self) AS self FROM up GROUP BY id
  ),
  merged AS (
    SELECT r.variant, r.threads, c.path, c.depth, n.symbol, n.module, n.label,
           iif(c.in_futex, 'futex', n.class) AS class,
           sum(s.samples) AS samples, sum(s.self) AS self
    FROM called AS c
    JOIN counted AS s ON s.id = c.id
    JOIN node AS n ON n.id = c.id
    JOIN run AS r ON r.id = c.run_id
    GROUP BY r.variant, r.threads, c.path
  )
SELECT m.variant, m.threads, row_number() OVER cell AS position, m.depth, m.label, m.symbol, m.module, m.class,
       sum(m.self) OVER cell - m.self AS x, m.samples, m.self,
       m.samples * 1.0 / nullif(sum(m.self) OVER (PARTITION BY m.variant, m.threads), 0) AS share
FROM merged AS m
LEFT JOIN variant AS v ON v.name = m.variant
WINDOW cell AS (PARTITION BY m.variant, m.threads ORDER BY m.path)
ORDER BY v.position, m.variant, m.threads, m.path;
