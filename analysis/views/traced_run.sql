-- Which runs counted futex calls?
CREATE TEMP VIEW traced_run AS
SELECT *
FROM counted_run
WHERE probes <> 'none';
