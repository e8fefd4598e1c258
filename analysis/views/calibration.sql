-- What does a system call cost beside what its two tracepoints see, and what do the probes add to it?
-- One row per kind of call (null: getppid; wait: an EAGAIN futex wait; wake: an empty wake), ns per call,
-- from loops of known length.  entry_ns is what a null call takes untraced (its body is taken as nothing);
-- probes_ns is what the probes add to a call; inside_ns is how much of it lies in what is booked between the
-- two tracepoints, outside_ns the rest.  That may be below zero: few calls are timed, these stand for all,
-- and they cost more; the excess was taken out of user code and goes back there.  No row: this recording was
-- not calibrated.
CREATE TEMP VIEW calibration AS
WITH
  cost AS (
    SELECT k.kind, CAST(u.value AS REAL) AS untraced, CAST(t.value AS REAL) AS traced,
           CAST(s.value AS REAL) AS seen, CAST(n.value AS REAL) AS entry_ns
    FROM (SELECT 'null' AS kind UNION ALL SELECT 'wait' UNION ALL SELECT 'wake') AS k
    JOIN host AS u ON u.key = 'calibration_' || k.kind || '_untraced_ns'
    JOIN host AS t ON t.key = 'calibration_' || k.kind || '_traced_ns'
    JOIN host AS s ON s.key = 'calibration_' || k.kind || '_seen_ns'
    JOIN host AS n ON n.key = 'calibration_null_untraced_ns'
  ),
  split AS (
    SELECT kind, entry_ns, max(traced - untraced, 0.0) AS probes_ns,
           max(seen - max(untraced - entry_ns, 0.0), 0.0) AS inside_ns
    FROM cost
    WHERE untraced > 0 AND traced > 0
  )
SELECT kind, entry_ns, probes_ns, inside_ns, probes_ns - inside_ns AS outside_ns
FROM split
ORDER BY kind;
