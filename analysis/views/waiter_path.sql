-- By which call paths do threads come to wait for a futex word, and to wake on it?
-- Of each word's waits, and of all its other calls (wakes), a random sample has a path: `waits` and `wakes` count
-- the sampled ones, over all traced runs; `calls` is what they stand for: the word's calls of that kind, divided as
-- the sample is.  `function` is the application's: the first frame outside of what waits, locks and allocates and of
-- the languages' libraries; NULL where it can't be told: there is no such frame, frames are missing just there, or
-- the innermost frame has no name, so that what waits is not known.  `through` is the way from it to the word,
-- `callers` the way to it, `path` all of it, from the outermost frame that is known.  Places without a symbol are
-- MODULE+0xADDRESS, on a way +0xADDRESS where they are in the module of the place before; ? where frames are missing.
CREATE TEMP VIEW waiter_path AS
WITH RECURSIVE
  sampled AS (
    SELECT lock_id, sum(waits) AS waits, sum(wakes) AS wakes FROM waiter GROUP BY lock_id
  ),
  called AS (
    SELECT lock_id,
           sum(calls) FILTER (WHERE op IN ('wait', 'waitv', 'lock_pi', 'wait_requeue_pi')) AS waits,
           sum(calls) FILTER (WHERE op NOT IN ('wait', 'waitv', 'lock_pi', 'wait_requeue_pi')) AS wakes
    FROM lock_outcome
    GROUP BY lock_id
  ),
  -- outwards from each innermost frame; the recording may be anybody's, so that this must end in any case
  walk (leaf, depth, id) AS (
    SELECT DISTINCT frame_id, 0, frame_id FROM waiter
    UNION ALL
    SELECT w.leaf, w.depth + 1, f.caller
    FROM walk AS w
    JOIN frame AS f ON f.id = w.id
    WHERE f.caller IS NOT NULL AND w.depth < 500
  ),
  step AS MATERIALIZED (
    SELECT w.leaf, w.depth, f.class, f.module,
           coalesce(f.symbol, f.module || printf('+0x%x', f.address), printf('0x%x', f.address)) AS place,
           coalesce(f.symbol, iif(f.class = 'missing', '?', NULL),
                    iif(f.module = lag(f.module) OVER (PARTITION BY w.leaf ORDER BY w.depth DESC), '', f.module)
                      || printf('+0x%x', f.address),
                    printf('0x%x', f.address)) AS on_way
    FROM walk AS w
    JOIN frame AS f ON f.id = w.id
  ),
  -- how many frames stand between the word and whoever wants it; where the innermost frame has no name that isn't
  -- known, and the innermost frame of the program is the first that can be told
  between_frames AS (
    SELECT leaf, min(depth) FILTER (WHERE class NOT IN ('lock', 'allocator', 'copy', 'library')) AS depth,
           min(depth) FILTER (WHERE class = 'program') AS program
    FROM step
    GROUP BY leaf
  ),
  place AS (
    SELECT b.leaf, iif(b.depth > 0, b.depth, b.program) AS inside, s.depth
    FROM between_frames AS b
    LEFT JOIN step AS s ON s.leaf = b.leaf AND s.depth = iif(b.depth > 0, b.depth, b.program) AND s.class <> 'missing'
  ),
  parted AS (
    SELECT s.leaf, s.depth, s.module, s.place, s.on_way,
           CASE WHEN p.depth = s.depth THEN 'function'
                WHEN p.inside IS NULL OR s.depth < p.inside THEN 'through' ELSE 'callers' END AS part
    FROM step AS s
    JOIN place AS p ON p.leaf = s.leaf
  ),
  way AS (
    SELECT leaf, part, module, place,
           group_concat(on_way, ' > ') OVER (PARTITION BY leaf, part ORDER BY depth DESC
             ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS way,
           group_concat(on_way, ' > ') OVER (PARTITION BY leaf ORDER BY depth DESC
             ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS path
    FROM parted
  ),
  written AS MATERIALIZED (
    SELECT leaf, max(place) FILTER (WHERE part = 'function') AS function,
           max(module) FILTER (WHERE part = 'function') AS function_module,
           max(way) FILTER (WHERE part = 'through') AS through,
           max(way) FILTER (WHERE part = 'callers') AS callers, max(path) AS path
    FROM way
    GROUP BY leaf
  ),
  weighed AS (
    SELECT r.variant, r.threads, g.word_group, g.name, l.module, l.allocator, l.is_malloc,
           t.function, t.function_module, t.through, t.callers, t.path, w.evidence, w.waits, w.wakes,
           coalesce(w.waits * c.waits * 1.0 / s.waits, 0) + coalesce(w.wakes * c.wakes * 1.0 / s.wakes, 0) AS calls
    FROM traced_run AS r
    JOIN lock AS l ON l.run_id = r.id
    JOIN word_group AS g ON g.lock_id = l.id
    JOIN waiter AS w ON w.lock_id = l.id
    JOIN sampled AS s ON s.lock_id = l.id
    JOIN written AS t ON t.leaf = w.frame_id
    LEFT JOIN called AS c ON c.lock_id = l.id
  )
SELECT variant, threads, name, module, allocator, is_malloc, function, function_module, through, callers, path,
       evidence, sum(waits) AS waits, sum(wakes) AS wakes, sum(calls) AS calls, word_group
FROM weighed
GROUP BY variant, threads, word_group, name, module, allocator, is_malloc, function, function_module, through, callers, path,
         evidence
ORDER BY variant, threads, name, module, calls DESC, path, evidence;
