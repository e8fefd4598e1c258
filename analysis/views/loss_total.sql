-- What was lost, by reason?
-- Over every traced run, also those that don't count.  A count of 0 says: watched for, and none.
CREATE TEMP VIEW loss_total AS
SELECT reason, sum(count) AS count, count(*) FILTER (WHERE count > 0) AS runs_hit, count(*) AS runs_watched
FROM loss
GROUP BY reason
ORDER BY sum(count) DESC, reason;
