-- What `heapwait record -m ledger` leaves: musl's run of tests/data/ledger.sql alone, without variant and thread count.
-- Load analysis/schema.sql and tests/data/ledger.sql first.
BEGIN;
DELETE FROM lock_outcome WHERE lock_id > 2;
DELETE FROM handoff_histogram WHERE lock_id > 2;
DELETE FROM lock WHERE id > 2;
DELETE FROM core WHERE run_id <> 20;
DELETE FROM thread WHERE run_id <> 20;
DELETE FROM thread_state WHERE run_id <> 20;
DELETE FROM sample WHERE run_id <> 20;
DELETE FROM timeline WHERE run_id <> 20;
DELETE FROM loss WHERE run_id <> 20;
DELETE FROM run WHERE id <> 20;
DELETE FROM variant;
UPDATE run SET variant = NULL, threads = NULL, passwords = NULL, rep = NULL;
COMMIT;
