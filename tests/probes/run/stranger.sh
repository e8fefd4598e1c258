#!/bin/sh
# A recording made with privilege, read without any: nobody gets from it all that root does, from a folder that
# can't be written to, and so on another machine.  $1: heapwait, $2: the ledger's subject.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1 subject=$2
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
[ "$(id -u)" -eq 0 ] || { echo "SKIPPED: only root can become nobody"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
source=$(cd "$(dirname "$0")/../../.." && pwd)
cd "$folder" || exit 1
copied "$heapwait" "$source"
failed=0

fail()
{
    echo "FAILED: $1"
    failed=1
}
as_nobody()
{
    setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all --no-new-privs \
        env -i PATH="$PATH" LC_ALL=C HEAPWAIT_DATA="$HEAPWAIT_DATA" "$@"
}

"$heapwait" record -m ledger -o ledger.db -- "$subject" known >/dev/null 2>log || { cat log; exit 1; }
chmod 444 ledger.db
chmod 755 .
if ! as_nobody test -r ledger.db || ! as_nobody test -x "$heapwait"; then
    echo "SKIPPED: nobody can't reach $folder or $heapwait"
    exit 77
fi
mkdir -m 777 open
if as_nobody "$heapwait" record -o open/none.db -- true 2>log; then
    fail "nobody could trace: this test proves nothing"
fi

for form in '' --json; do
    # shellcheck disable=SC2086 # an empty option is none
    env -i PATH="$PATH" LC_ALL=C HEAPWAIT_DATA="$HEAPWAIT_DATA" "$heapwait" explain ledger.db $form >root.out 2>root.err || fail "explain $form as root"
    # shellcheck disable=SC2086
    as_nobody "$heapwait" explain ledger.db $form >nobody.out 2>nobody.err || fail "explain $form as nobody"
    [ -s nobody.out ] || fail "explain $form says nothing"
    cmp root.out nobody.out || fail "explain $form: nobody reads something else than root"
    cmp root.err nobody.err || fail "explain $form: nobody is told something else than root"
done

# Nothing of the account is missing in it.
for table in run lock lock_outcome thread thread_state core sample timeline loss probe host; do
    n=$(as_nobody sqlite3 -readonly ledger.db "SELECT count(*) FROM $table") || fail "nobody can't read $table"
    [ "${n:-0}" -gt 0 ] || fail "$table is empty"
done
n=$(sqlite3 -readonly ledger.db 'SELECT count(*) FROM thread t WHERE lifetime_ns <>
    (SELECT sum(ns) FROM thread_state s WHERE s.run_id = t.run_id AND s.thread = t.thread)')
[ "$n" = 0 ] || fail "the states of $n threads don't sum to their lifetimes"
found=$(find . -newer ledger.db -name 'ledger.db*')
[ -z "$found" ] || fail "reading left something behind: $found"
exit $failed
