-- Which locks are the futex calls made on, the hottest first?
-- Words of the same name and module are one row (word_group), rank 1 has the most calls.  `waits` are the calls that
-- wait, however they ended. calls and times are sums over all traced runs of the variant and thread count (`runs` of them);
-- share is of all their futex calls; words is the number of different futex words behind the name, in the
-- run that has most.  Where no call's outcome is known all are `other`, and
-- the sums by outcome are NULL.
CREATE TEMP VIEW hottest_lock AS
WITH
  traced AS (SELECT variant, threads, count(*) AS runs FROM traced_run GROUP BY variant, threads),
  in_run AS (
    SELECT c.variant, c.threads, c.run_id, g.word_group, g.name, c.module, c.allocator, c.is_malloc,
           min(c.evidence) AS evidence, count(DISTINCT c.lock_id) AS words, sum(c.calls) AS calls,
           sum(c.total_ns) AS total_ns, sum(c.blocked_ns) AS blocked_ns,
           coalesce(sum(calls) FILTER (WHERE waits), 0) AS waits,
           iif(count(outcome), coalesce(sum(calls) FILTER (WHERE kind = 'slept'), 0), NULL) AS slept,
           iif(count(outcome), coalesce(sum(calls) FILTER (WHERE kind = 'eagain'), 0), NULL) AS eagain,
           iif(count(outcome), coalesce(sum(calls) FILTER (WHERE kind = 'empty_wake'), 0), NULL) AS empty_wakes,
           iif(count(outcome), coalesce(sum(calls) FILTER (WHERE kind = 'waking_wake'), 0), NULL) AS waking_wakes,
           coalesce(sum(calls) FILTER (WHERE kind = 'other'), 0) AS other_calls,
           iif(count(outcome), coalesce(sum(calls) FILTER (WHERE idle), 0), NULL) AS idle_calls
    FROM futex_call AS c
    JOIN word_group AS g ON g.lock_id = c.lock_id
    GROUP BY c.run_id, g.word_group
  ),
  summed AS (
    SELECT variant, threads, word_group, name, module, allocator, is_malloc,
           min(evidence) AS evidence, max(words) AS words, sum(calls) AS calls,
           sum(total_ns) AS total_ns, sum(blocked_ns) AS blocked_ns, sum(waits) AS waits, sum(slept) AS slept,
           sum(eagain) AS eagain, sum(empty_wakes) AS empty_wakes, sum(waking_wakes) AS waking_wakes,
           sum(other_calls) AS other_calls, sum(idle_calls) AS idle_calls
    FROM in_run
    GROUP BY variant, threads, word_group
  )
SELECT s.variant, s.threads,
       row_number() OVER (PARTITION BY s.variant, s.threads
                          ORDER BY s.calls DESC, s.total_ns DESC, s.name, s.module) AS rank,
       s.name, s.module, s.allocator, s.is_malloc, s.evidence, s.words,
       t.runs, s.calls, s.calls * 1.0 / nullif(sum(s.calls) OVER (PARTITION BY s.variant, s.threads), 0) AS share,
       s.slept, s.eagain, s.empty_wakes, s.waking_wakes, s.other_calls, s.idle_calls, s.total_ns, s.blocked_ns,
       s.waits, s.word_group
FROM summed AS s
JOIN traced AS t ON t.variant IS s.variant AND t.threads IS s.threads
LEFT JOIN variant AS v ON v.name = s.variant
ORDER BY v.position, s.variant, s.threads, rank;
