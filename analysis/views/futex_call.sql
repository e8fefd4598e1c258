-- Which futex calls did each run make, on which lock, with which outcome?
-- `class` tells the allocators' locks from everything else; `kind` sums op and outcome up into the five
-- kinds that the figures show, `other` where the outcome is NULL; `waits` is 1 for a call that waits, however it
-- ended, and for one that was under way at the end; `idle` is 1 for a call that neither slept nor woke anybody.
CREATE TEMP VIEW futex_call AS
SELECT r.id AS run_id, r.variant, r.threads, r.passwords,
       l.id AS lock_id, l.tgid, l.address, l.name, l.module, l.allocator, l.is_malloc, l.evidence,
       iif(l.is_malloc, 'malloc', 'other') AS class, o.op, o.outcome,
       CASE
         WHEN o.op IN ('wait', 'waitv', 'wait_requeue_pi', 'lock_pi') AND o.outcome = 'slept' THEN 'slept'
         WHEN o.op IN ('wait', 'waitv', 'wait_requeue_pi', 'lock_pi') AND o.outcome = 'eagain' THEN 'eagain'
         WHEN o.op IN ('wake', 'wake_op') AND o.outcome = 'woke_none' THEN 'empty_wake'
         WHEN o.op IN ('wake', 'wake_op') AND o.outcome = 'woke_some' THEN 'waking_wake'
         ELSE 'other'
       END AS kind,
       o.op IN ('wait', 'waitv', 'wait_requeue_pi', 'lock_pi') AS waits,
       o.outcome IN ('eagain', 'raced', 'woke_none', 'moved_none') AS idle,
       o.calls, o.total_ns, o.oncpu_ns, o.blocked_ns, o.runnable_ns, o.woken, o.kernel_lock_ns
FROM traced_run AS r
JOIN lock AS l ON l.run_id = r.id
JOIN lock_outcome AS o ON o.lock_id = l.id;
