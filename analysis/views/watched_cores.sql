-- On how many cores did heapwait look for others?
-- One row: those that it might use, whose others run.foreign_cpu_ns is of; NULL where no machine is known.
CREATE TEMP VIEW watched_cores AS
SELECT coalesce((SELECT CAST(value AS INTEGER) FROM host WHERE key = 'cores_allowed'),
                (SELECT CAST(value AS INTEGER) FROM host WHERE key = 'cores')) AS cores;
