-- How many futex calls of each operation and outcome does a password cost?
-- Medians over the traced runs.  A run without such a call counts as zero: it was traced, and made none.
-- calls is per run; calls_per_password is NULL where the number of passwords is not known.
CREATE TEMP VIEW futex_per_password AS
WITH
  seen AS (SELECT DISTINCT variant, threads, class, op, outcome FROM futex_call),
  made AS (
    SELECT run_id, class, op, outcome, sum(calls) AS calls
    FROM futex_call
    GROUP BY run_id, class, op, outcome
  ),
  each_run AS (
    SELECT s.variant, s.threads, s.class, s.op, s.outcome,
           coalesce(m.calls, 0) AS calls, coalesce(m.calls, 0) * 1.0 / nullif(r.passwords, 0) AS per_password
    FROM seen AS s
    JOIN traced_run AS r ON r.variant IS s.variant AND r.threads IS s.threads
    LEFT JOIN made AS m ON m.run_id = r.id AND m.class = s.class AND m.op = s.op AND m.outcome IS s.outcome
  ),
  ranked AS (
    SELECT *, row_number() OVER (same ORDER BY calls) AS call_rank,
           row_number() OVER (same ORDER BY per_password) AS rank, count(*) OVER same AS n
    FROM each_run
    WINDOW same AS (PARTITION BY variant, threads, class, op, outcome)
  )
SELECT k.variant, k.threads, k.class, k.op, k.outcome, k.n AS runs,
       avg(k.calls) FILTER (WHERE k.call_rank IN ((k.n + 1) / 2, (k.n + 2) / 2)) AS calls,
       avg(k.per_password) FILTER (WHERE k.rank IN ((k.n + 1) / 2, (k.n + 2) / 2)) AS calls_per_password,
       max(k.per_password) FILTER (WHERE k.rank = o.low_rank) AS low,
       max(k.per_password) FILTER (WHERE k.rank = o.high_rank) AS high,
       o.coverage
FROM ranked AS k
LEFT JOIN order_statistic AS o ON o.n = k.n
LEFT JOIN variant AS v ON v.name = k.variant
GROUP BY k.variant, k.threads, k.class, k.op, k.outcome
ORDER BY v.position, k.variant, k.threads, k.class, k.op, k.outcome;
