#!/bin/sh
# Calls that seccomp refuses are no futex calls, and no losses either: both modes say the same.  $1: heapwait, $2: the
# subject.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1 subject=$2
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0
for mode in waits ledger; do
    "$heapwait" record -m $mode -o $mode.db -- "$subject" 2>log
    status=$?
    [ $status = 77 ] && { echo "SKIPPED: no seccomp filters here"; exit 77; }
    expect "$mode: the subject's own count" 0 $status
    expect "$mode: what was called" "wake woke_none 100" "$(sqlite3 -separator ' ' $mode.db \
        "SELECT op, outcome, calls FROM lock_outcome JOIN lock ON lock.id = lock_id WHERE name = 'refused_word'")"
    expect "$mode: what was lost" "" "$(sqlite3 $mode.db 'SELECT reason, count FROM loss WHERE count > 0')"
done
exit $failed
