-- Which locks are the futex calls made on, the hottest first?
-- Words of the same name and module are one row (an address differs from run to run), rank 1 has the most
-- calls. calls and times are sums over all traced runs of the variant and thread count (`runs` of them);
-- share is of all their futex calls; words is the number of different futex words behind the name, in the
-- run that has most.
CREATE TEMP VIEW hottest_lock AS
WITH
  traced AS (SELECT variant, threads, count(*) AS runs FROM traced_run GROUP BY variant, threads),
  in_run AS (
    SELECT variant, threads, run_id, iif(name GLOB 'thread arena 0x*' OR name GLOB 'arena [0-9]*', 'thread arena', name) AS name,
           module, allocator, is_malloc, min(evidence) AS evidence,
           count(DISTINCT lock_id) AS words, sum(calls) AS calls, sum(total_ns) AS total_ns,
           sum(blocked_ns) AS blocked_ns,
           coalesce(sum(calls) FILTER (WHERE kind = 'slept'), 0) AS slept,
           coalesce(sum(calls) FILTER (WHERE kind = 'eagain'), 0) AS eagain,
           coalesce(sum(calls) FILTER (WHERE kind = 'empty_wake'), 0) AS empty_wakes,
           coalesce(sum(calls) FILTER (WHERE kind = 'waking_wake'), 0) AS waking_wakes,
           coalesce(sum(calls) FILTER (WHERE kind = 'other'), 0) AS other_calls,
           coalesce(sum(calls) FILTER (WHERE idle), 0) AS idle_calls
    FROM futex_call
    GROUP BY variant, threads, run_id, 4, module, allocator, is_malloc
  ),
  summed AS (
    SELECT variant, threads, name, module, allocator, is_malloc,
           min(evidence) AS evidence, max(words) AS words, sum(calls) AS calls,
           sum(total_ns) AS total_ns, sum(blocked_ns) AS blocked_ns, sum(slept) AS slept,
           sum(eagain) AS eagain, sum(empty_wakes) AS empty_wakes, sum(waking_wakes) AS waking_wakes,
           sum(other_calls) AS other_calls, sum(idle_calls) AS idle_calls
    FROM in_run
    GROUP BY variant, threads, name, module, allocator, is_malloc
  )
SELECT s.variant, s.threads,
       row_number() OVER (PARTITION BY s.variant, s.threads
                          ORDER BY s.calls DESC, s.total_ns DESC, s.name, s.module) AS rank,
       s.name, s.module, s.allocator, s.is_malloc, s.evidence, s.words,
       t.runs, s.calls, s.calls * 1.0 / nullif(sum(s.calls) OVER (PARTITION BY s.variant, s.threads), 0) AS share,
       s.slept, s.eagain, s.empty_wakes, s.waking_wakes, s.other_calls, s.idle_calls, s.total_ns, s.blocked_ns
FROM summed AS s
JOIN traced AS t ON t.variant IS s.variant AND t.threads IS s.threads
LEFT JOIN variant AS v ON v.name = s.variant
ORDER BY v.position, s.variant, s.threads, rank;
