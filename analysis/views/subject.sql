-- Which variant, at which thread count, does the verdict speak of?
-- `musl` where it was measured; else a static musl variant; else whichever takes longest beside the
-- baseline; always at the measured thread count of two or more where its ratio to the baseline is largest
-- (one thread, if there is no other).  No row: nothing was measured beside a baseline.
CREATE TEMP VIEW subject AS
SELECT m.variant, m.threads, m.baseline, m.rounds, m.ratio, m.low, m.high, m.coverage
FROM wall_ratio AS m
LEFT JOIN variant AS v ON v.name = m.variant
WHERE m.variant <> m.baseline
ORDER BY m.variant = 'musl' DESC, coalesce(v.libc = 'musl' AND v.linkage LIKE 'static%', 0) DESC,
         coalesce(m.threads >= 2, 0) DESC, m.ratio DESC, v.position, m.variant, m.threads
LIMIT 1;
