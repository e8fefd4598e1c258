-- How many futex calls are known to be in no row, over every traced run?
-- At least so many are missing: calls of which one end was seen, or which found no room.  skipped: programs that
-- the kernel did not run; how many calls these would have seen is not known.
CREATE TEMP VIEW calls_missing AS
SELECT coalesce(sum(count) FILTER (WHERE unit = 'futex call'), 0) AS calls,
       coalesce(sum(count) FILTER (WHERE unit = 'probe run'), 0) AS skipped
FROM loss;
