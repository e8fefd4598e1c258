-- Which futex words were called on in the answer's run, what did the calls take, and who made them?
-- Words of one group (word_group) and one program are a row.  tgid is NULL where they are of several processes, and use
-- where they differ in it;
-- the times are NULL where the outcomes are.  oncpu_ns is in the kernel; wait_ns is all of the waits' time, total_ns that of all calls, and
-- kernel_lock_ns what of it was spent at locks of the kernel's own, spinning or asleep (NULL: not seen).  rank 1
-- waited longest.
CREATE TEMP VIEW answer_word AS
WITH
  row AS (
    SELECT g.word_group, g.name, l.module, l.allocator, l.is_malloc, l.use, p.program, l.tgid, l.id AS lock_id, o.op, o.outcome,
           o.calls, o.oncpu_ns, o.blocked_ns, o.runnable_ns, o.total_ns, o.kernel_lock_ns,
           o.op IN ('wait', 'waitv', 'wait_requeue_pi', 'lock_pi') AS waits
    FROM answer_run AS a
    JOIN lock AS l ON l.run_id = a.run_id
    JOIN word_group AS g ON g.lock_id = l.id
    JOIN lock_outcome AS o ON o.lock_id = l.id
    LEFT JOIN process AS p ON p.run_id = l.run_id AND p.tgid = l.tgid
  )
SELECT word_group, name, module, allocator, is_malloc, program,
       iif(count(DISTINCT tgid) = 1, min(tgid), NULL) AS tgid, count(DISTINCT lock_id) AS words,
       iif(count(DISTINCT use) = 1, min(use), NULL) AS use, count(outcome) > 0 AS outcomes_known, sum(calls) AS calls,
       coalesce(sum(calls) FILTER (WHERE waits AND outcome = 'slept'), 0) AS slept,
       coalesce(sum(calls) FILTER (WHERE waits AND outcome = 'eagain'), 0) AS eagain,
       coalesce(sum(calls) FILTER (WHERE outcome = 'woke_none'), 0) AS empty_wakes,
       coalesce(sum(calls) FILTER (WHERE outcome = 'woke_some'), 0) AS waking_wakes,
       coalesce(sum(calls) FILTER (WHERE outcome IN ('eagain', 'raced', 'woke_none', 'moved_none')), 0) AS in_vain,
       coalesce(sum(calls) FILTER (WHERE waits), 0) AS waits,
       sum(oncpu_ns) AS oncpu_ns, sum(blocked_ns) FILTER (WHERE waits) AS blocked_ns,
       sum(runnable_ns) FILTER (WHERE waits) AS runnable_ns, sum(total_ns) FILTER (WHERE waits) AS wait_ns,
       sum(kernel_lock_ns) AS kernel_lock_ns, sum(total_ns) AS total_ns,
       row_number() OVER (ORDER BY sum(total_ns) FILTER (WHERE waits) DESC, sum(calls) DESC, name, program) AS rank
FROM row
GROUP BY word_group, name, module, allocator, is_malloc, program
ORDER BY rank;
