-- Which runs counted futex calls?
-- A ledger counts them too, at a greater cost: such runs are left out where others of the same variant and
-- thread count only counted waits, so that no median mixes the two.
CREATE TEMP VIEW traced_run AS
SELECT *
FROM counted_run AS r
WHERE r.probes <> 'none'
  AND (r.probes = 'waits'
       OR NOT EXISTS (SELECT 1 FROM counted_run AS w
                      WHERE w.variant IS r.variant AND w.threads IS r.threads AND w.probes = 'waits'));
