-- How many futex calls of each of the five kinds does a password cost, at malloc's locks and elsewhere?
-- Every traced variant and thread count has all ten rows: zero means traced, and none.  Medians over the
-- traced runs of the sums within a run.  calls is per run; the others are NULL where the number of
-- passwords is not known, and so are all where outcomes are not: such calls are `other`.  Those of class
-- `malloc` are NULL as well where none is known to be malloc's, while of others nobody knows whose lock they are for.
CREATE TEMP VIEW futex_kind_per_password AS
WITH
  kind(position, kind) AS (
    VALUES (1, 'slept'), (2, 'eagain'), (3, 'empty_wake'), (4, 'waking_wake'), (5, 'other')
  ),
  class(class) AS (VALUES ('malloc'), ('other')),
  made AS (SELECT run_id, class, kind, sum(calls) AS calls FROM futex_call GROUP BY run_id, class, kind),
  untold AS (SELECT DISTINCT run_id FROM futex_call WHERE outcome IS NULL),
  doubtful AS (SELECT DISTINCT run_id, kind FROM futex_call WHERE is_malloc IS NULL),
  counted AS (
    SELECT r.variant, r.threads, r.passwords, class.class, kind.position, kind.kind,
           iif((u.run_id IS NULL OR kind.kind = 'other') AND (d.run_id IS NULL OR class.class = 'other'),
               coalesce(m.calls, 0), m.calls) AS calls
    FROM traced_run AS r
    CROSS JOIN class
    CROSS JOIN kind
    LEFT JOIN made AS m ON m.run_id = r.id AND m.class = class.class AND m.kind = kind.kind
    LEFT JOIN untold AS u ON u.run_id = r.id
    LEFT JOIN doubtful AS d ON d.run_id = r.id AND d.kind = kind.kind
  ),
  each_run AS (SELECT *, calls * 1.0 / nullif(passwords, 0) AS per_password FROM counted),
  ranked AS (
    SELECT *, row_number() OVER (same ORDER BY calls) AS call_rank,
           row_number() OVER (same ORDER BY per_password) AS rank, count(*) OVER same AS n
    FROM each_run
    WINDOW same AS (PARTITION BY variant, threads, class, kind)
  )
SELECT k.variant, k.threads, k.class, k.kind, k.position, k.n AS runs,
       avg(k.calls) FILTER (WHERE k.call_rank IN ((k.n + 1) / 2, (k.n + 2) / 2)) AS calls,
       avg(k.per_password) FILTER (WHERE k.rank IN ((k.n + 1) / 2, (k.n + 2) / 2)) AS calls_per_password,
       max(k.per_password) FILTER (WHERE k.rank = o.low_rank) AS low,
       max(k.per_password) FILTER (WHERE k.rank = o.high_rank) AS high,
       o.coverage
FROM ranked AS k
LEFT JOIN order_statistic AS o ON o.n = k.n
LEFT JOIN variant AS v ON v.name = k.variant
GROUP BY k.variant, k.threads, k.class, k.kind
ORDER BY v.position, k.variant, k.threads, k.class, k.position;
