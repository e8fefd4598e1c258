-- Which processes make futex calls, and which of them wait for malloc's locks?
-- Sums over a traced run without a variant: processes of different runs have nothing in common.  Rank 1 has the most
-- calls on malloc's locks; where nobody has any, the most calls at all.  The columns from malloc_calls on are of
-- malloc's locks, of which `lock` has the most calls; unknown_calls are on words of which nothing tells whose they are.
CREATE TEMP VIEW process_wait AS
WITH
  in_process AS (
    SELECT c.run_id, l.tgid, sum(c.calls) AS calls,
           coalesce(sum(c.calls) FILTER (WHERE c.is_malloc), 0) AS malloc_calls,
           coalesce(sum(c.calls) FILTER (WHERE c.is_malloc AND c.kind = 'slept'), 0) AS slept,
           coalesce(sum(c.calls) FILTER (WHERE c.is_malloc AND c.kind = 'eagain'), 0) AS eagain,
           coalesce(sum(c.calls) FILTER (WHERE c.is_malloc AND c.kind = 'empty_wake'), 0) AS empty_wakes,
           coalesce(sum(c.total_ns) FILTER (WHERE c.is_malloc AND c.op = 'wait'), 0) AS wait_ns,
           coalesce(sum(c.calls) FILTER (WHERE c.is_malloc IS NULL), 0) AS unknown_calls
    FROM futex_call AS c
    JOIN lock AS l ON l.id = c.lock_id
    WHERE c.variant IS NULL
    GROUP BY c.run_id, l.tgid
  ),
  by_lock AS (
    SELECT run_id, tgid, name, allocator, row_number() OVER (PARTITION BY run_id, tgid ORDER BY sum(calls) DESC, name) AS rank
    FROM futex_call
    WHERE variant IS NULL AND is_malloc
    GROUP BY run_id, tgid, lock_id
  )
SELECT p.run_id, row_number() OVER (PARTITION BY p.run_id ORDER BY p.malloc_calls DESC, p.calls DESC, p.tgid) AS rank,
       p.tgid, n.program, b.allocator, b.name AS lock, p.calls, p.malloc_calls, p.slept, p.eagain, p.empty_wakes,
       p.wait_ns, p.unknown_calls
FROM in_process AS p
LEFT JOIN process AS n ON n.run_id = p.run_id AND n.tgid = p.tgid
LEFT JOIN by_lock AS b ON b.run_id = p.run_id AND b.tgid = p.tgid AND b.rank = 1
ORDER BY p.run_id, rank;
