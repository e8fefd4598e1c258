-- What single numbers does each run give?
-- One row per run and quantity; NULL where it was not measured.  Ratios are to the baseline's run of the
-- same interleaved round (same rep, same thread count), untraced against untraced.
CREATE TEMP VIEW run_quantity AS
SELECT 'wall_ns' AS quantity, id AS run_id, variant, threads, probes, rep, wall_ns AS value
FROM counted_run
UNION ALL
SELECT 'reported_ns', id, variant, threads, probes, rep, reported_ns
FROM counted_run
UNION ALL
SELECT 'max_rss_bytes', id, variant, threads, probes, rep, max_rss_bytes
FROM counted_run
UNION ALL -- by the program's own clock, by ours where it has none
SELECT 'passwords_per_second', id, variant, threads, probes, rep,
       1e9 * passwords / nullif(coalesce(reported_ns, wall_ns), 0)
FROM counted_run
UNION ALL
SELECT 'wall_ratio', r.id, r.variant, r.threads, r.probes, r.rep, 1.0 * r.wall_ns / nullif(b.wall_ns, 0)
FROM counted_run AS r
JOIN counted_run AS b ON b.variant = (SELECT variant FROM baseline)
  AND b.threads IS r.threads AND b.rep = r.rep AND b.probes = 'none'
WHERE r.probes = 'none'
UNION ALL
SELECT 'reported_ratio', r.id, r.variant, r.threads, r.probes, r.rep,
       1.0 * r.reported_ns / nullif(b.reported_ns, 0)
FROM counted_run AS r
JOIN counted_run AS b ON b.variant = (SELECT variant FROM baseline)
  AND b.threads IS r.threads AND b.rep = r.rep AND b.probes = 'none'
WHERE r.probes = 'none';
