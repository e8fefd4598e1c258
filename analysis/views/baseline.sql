-- Which variant are the others compared with?
-- `glibc` where it was measured; else the first variant on glibc; else the first one measured.
CREATE TEMP VIEW baseline AS
SELECT v.name AS variant
FROM variant AS v
WHERE EXISTS (SELECT 1 FROM counted_run AS r WHERE r.variant = v.name AND r.probes = 'none')
ORDER BY v.name = 'glibc' DESC, coalesce(v.libc LIKE 'glibc%', 0) DESC, v.position, v.name
LIMIT 1;
