-- Which runs count?
-- In a study: those that neither failed, nor timed out, nor were interrupted.  A recording made by
-- `heapwait record` (no variant) has one run, and it always counts: how it ended stands beside its numbers.
-- Runs beside the rounds (rep 0) are there for their call paths alone: see sampled_run.
CREATE TEMP VIEW counted_run AS
SELECT *
FROM run
WHERE variant IS NULL
   OR (failure IS NULL AND timed_out = 0 AND interrupted = 0 AND rep IS NOT 0);
