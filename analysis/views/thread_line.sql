-- On which lines does a thread account show where the time goes?
-- thread_account, with the kernel's mmap_lock on one line, spinning and asleep together.  asleep_ns is what of a line is
-- sleep, and asleep its share in words.  Where sleep for mmap_lock was not told apart the line is without it, and both are
-- NULL.
CREATE TEMP VIEW thread_line AS
WITH
  part AS (
    SELECT *, iif(state = 'mmap_lock_blocked', 'mmap_lock', state) AS line, kind = 'blocked' AND ns IS NULL AS unknown
    FROM thread_account
  ),
  line AS (
    SELECT variant, threads, line, max(label) FILTER (WHERE state = line) AS label, min(position) AS position, sum(ns) AS ns,
           iif(max(unknown), NULL, sum(iif(kind = 'blocked', ns, 0))) AS asleep_ns, sum(share) AS share,
           max(estimated) AS estimated, runs, run_id
    FROM part
    GROUP BY run_id, line
  ),
  told AS (
    SELECT *, CASE
                WHEN ns = 0 THEN NULL
                WHEN asleep_ns < ns AND asleep_ns > 0.995 * ns THEN '> 99 %'
                WHEN asleep_ns > 0 AND asleep_ns < 0.005 * ns THEN '< 1 %'
                ELSE CAST(round(100.0 * asleep_ns / ns) AS INTEGER) || ' %'
              END AS asleep
    FROM line
  )
SELECT t.variant, t.threads, t.line, t.label || iif(t.line = 'mmap_lock', coalesce(', ' || t.asleep || ' asleep', ''), '') AS label,
       t.position, t.ns, t.asleep_ns, t.asleep, t.share, t.estimated, t.runs, t.run_id
FROM told AS t
LEFT JOIN variant AS v ON v.name = t.variant
ORDER BY v.position, t.variant, t.threads, t.position;
