-- What did the blog post measure that this study grew out of?
-- "Performance of static Rust with MUSL", 2025: 1,000,000 passwords on 22 threads, its program's own
-- milliseconds.
CREATE TEMP VIEW published_time AS
SELECT variant, 22 AS threads, 1000000 AS passwords, ms, ms / 56.0 AS ratio
FROM (
  SELECT 'glibc' AS variant, 56 AS ms
  UNION ALL SELECT 'musl', 513
  UNION ALL SELECT 'musl+jemalloc', 67
  UNION ALL SELECT 'musl+mimalloc', 57
);
