-- Who waits: from which functions of the application do the futex calls on each word come, most first?
-- `share` is the function's part of the word's calls, `wait_share` and `wake_share` of its waits and of its other
-- calls; all of it by a random sample of `sampled` calls.  `path` is the one that most of the function's calls came
-- by, one of `paths`; calls for which no function can be told (NULL) are told apart by their paths.  Words in
-- the order of their calls (`lock_rank`), as in hottest_lock.
CREATE TEMP VIEW who_waits AS
WITH
  path AS MATERIALIZED (SELECT * FROM waiter_path),
  ranked AS (
    SELECT *, row_number() OVER (PARTITION BY word_group, function,
                                              function_module, iif(function IS NULL, path, NULL)
                                 ORDER BY calls DESC, path, evidence) AS path_rank
    FROM path
  ),
  summed AS (
    SELECT word_group, variant, threads, name, module, allocator, is_malloc, function, function_module,
           sum(waits) AS waits, sum(wakes) AS wakes, sum(calls) AS calls, count(DISTINCT path) AS paths,
           max(through) FILTER (WHERE path_rank = 1) AS through,
           max(callers) FILTER (WHERE path_rank = 1) AS callers, max(path) FILTER (WHERE path_rank = 1) AS path,
           max(evidence) FILTER (WHERE path_rank = 1) AS evidence
    FROM ranked
    GROUP BY word_group, variant, threads, name, module, allocator, is_malloc, function, function_module,
             iif(function IS NULL, path, NULL)
  )
SELECT s.variant, s.threads, h.rank AS lock_rank, s.name, s.module, s.allocator, s.is_malloc,
       row_number() OVER (PARTITION BY s.variant, s.threads, h.rank
                          ORDER BY s.calls DESC, s.function, s.function_module, s.path) AS rank,
       s.function, s.function_module, s.waits + s.wakes AS sampled,
       s.calls / nullif(sum(s.calls) OVER word, 0) AS share,
       s.waits * 1.0 / nullif(sum(s.waits) OVER word, 0) AS wait_share,
       s.wakes * 1.0 / nullif(sum(s.wakes) OVER word, 0) AS wake_share,
       s.through, s.callers, s.path, s.paths, s.evidence
FROM summed AS s
JOIN hottest_lock AS h ON h.word_group = s.word_group
LEFT JOIN variant AS v ON v.name = s.variant
WINDOW word AS (PARTITION BY s.variant, s.threads, h.rank)
ORDER BY v.position, s.variant, s.threads, lock_rank, rank;
