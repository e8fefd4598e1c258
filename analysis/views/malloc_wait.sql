-- What do threads do in the kernel for malloc's locks, in one run?
-- Medians over the traced runs of a variant and thread count; zero means traced, and none.  A run that has no call
-- known to be for malloc's locks, but waits for words of which nothing tells whose they are, has no number.  What goes
-- by outcomes is NULL where none is known.  Thread time: sums over all threads.  idle_calls neither slept nor woke
-- anybody; idle_share is NULL in a run without
-- any call.
CREATE TEMP VIEW malloc_wait AS
WITH
  made AS (
    SELECT run_id, count(DISTINCT lock_id) AS locks, sum(calls) AS calls, count(outcome) AS outcomes,
           sum(calls) FILTER (WHERE kind = 'slept') AS slept,
           sum(calls) FILTER (WHERE kind = 'eagain') AS eagain,
           sum(calls) FILTER (WHERE kind = 'empty_wake') AS empty_wakes,
           sum(calls) FILTER (WHERE kind = 'waking_wake') AS waking_wakes,
           sum(calls) FILTER (WHERE kind = 'other') AS other_calls,
           sum(calls) FILTER (WHERE idle) AS idle_calls,
           sum(total_ns) FILTER (WHERE op = 'wait') AS wait_ns,
           sum(total_ns) FILTER (WHERE op = 'wake') AS wake_ns,
           sum(blocked_ns) AS blocked_ns, sum(runnable_ns) AS runnable_ns, sum(oncpu_ns) AS oncpu_ns
    FROM futex_call
    WHERE class = 'malloc'
    GROUP BY run_id
  ),
  dark AS ( -- runs in which threads wait for words that may be malloc's
    SELECT DISTINCT run_id FROM futex_call WHERE is_malloc IS NULL AND waits
  ),
  each_run AS ( -- one row per run and quantity, so that one ranking serves all
    SELECT r.id AS run_id, r.variant, r.threads, q.key,
           CASE
             WHEN m.outcomes = 0 AND q.key NOT IN ('locks', 'calls', 'other_calls') THEN NULL
             WHEN q.key = 'idle_share' THEN coalesce(m.idle_calls, 0) * 1.0 / nullif(m.calls, 0)
             ELSE coalesce(q.value, iif(m.run_id IS NULL AND d.run_id IS NOT NULL, NULL, 0))
           END AS value
    FROM traced_run AS r
    LEFT JOIN made AS m ON m.run_id = r.id
    LEFT JOIN dark AS d ON d.run_id = r.id
    CROSS JOIN json_each(json_object(
      'locks', m.locks, 'calls', m.calls, 'slept', m.slept, 'eagain', m.eagain, 'empty_wakes', m.empty_wakes,
      'waking_wakes', m.waking_wakes, 'other_calls', m.other_calls, 'idle_calls', m.idle_calls,
      'idle_share', NULL,
      'wait_ns', m.wait_ns, 'wake_ns', m.wake_ns, 'blocked_ns', m.blocked_ns, 'runnable_ns', m.runnable_ns,
      'oncpu_ns', m.oncpu_ns)) AS q
  ),
  ranked AS (
    SELECT *, row_number() OVER (same ORDER BY value) AS rank, count(*) OVER same AS n
    FROM each_run
    WHERE value IS NOT NULL
    WINDOW same AS (PARTITION BY variant, threads, key)
  ),
  middle AS (
    SELECT variant, threads, key, n, avg(value) AS median
    FROM ranked
    WHERE rank IN ((n + 1) / 2, (n + 2) / 2)
    GROUP BY variant, threads, key
  )
SELECT m.variant, m.threads, max(m.n) AS runs,
       max(m.median) FILTER (WHERE key = 'locks') AS locks,
       max(m.median) FILTER (WHERE key = 'calls') AS calls,
       max(m.median) FILTER (WHERE key = 'slept') AS slept,
       max(m.median) FILTER (WHERE key = 'eagain') AS eagain,
       max(m.median) FILTER (WHERE key = 'empty_wakes') AS empty_wakes,
       max(m.median) FILTER (WHERE key = 'waking_wakes') AS waking_wakes,
       max(m.median) FILTER (WHERE key = 'other_calls') AS other_calls,
       max(m.median) FILTER (WHERE key = 'idle_calls') AS idle_calls,
       max(m.median) FILTER (WHERE key = 'idle_share') AS idle_share,
       max(m.median) FILTER (WHERE key = 'wait_ns') AS wait_ns,
       max(m.median) FILTER (WHERE key = 'wake_ns') AS wake_ns,
       max(m.median) FILTER (WHERE key = 'blocked_ns') AS blocked_ns,
       max(m.median) FILTER (WHERE key = 'runnable_ns') AS runnable_ns,
       max(m.median) FILTER (WHERE key = 'oncpu_ns') AS oncpu_ns
FROM middle AS m
LEFT JOIN variant AS v ON v.name = m.variant
GROUP BY m.variant, m.threads
ORDER BY v.position, m.variant, m.threads;
