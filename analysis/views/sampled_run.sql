-- Whose samples with call paths count?
-- Those of all runs that neither failed, nor timed out, nor were interrupted, runs beside the rounds included; and of
-- a recording made by `heapwait record`.
CREATE TEMP VIEW sampled_run AS
SELECT *
FROM run
WHERE (variant IS NULL OR (failure IS NULL AND timed_out = 0 AND interrupted = 0))
  AND EXISTS (SELECT 1 FROM frame WHERE run_id = run.id);
