#!/bin/sh
# thread.tid and thread_state.tid are the kernel's numbers, of each thread: what the program's threads say of
# themselves is compared with the recording.
# usage: tids.sh HEAPWAIT SUBJECT
set -eu
heapwait=$1 subject=$2
command -v sqlite3 >/dev/null || { echo "SKIPPED: no sqlite3"; exit 77; }
"$heapwait" doctor >/dev/null 2>&1 || { echo "SKIPPED: this machine or user can't trace"; exit 77; }
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"

fail() { echo "FAILED: $*" >&2; exit 1; }

"$heapwait" record -m ledger -o tids.db -- "$subject" 22 >said
sort said >wanted
[ "$(wc -l <wanted)" = 25 ] || fail "the subject has not told all: $(cat said)"
sqlite3 -readonly tids.db "SELECT comm || '=' || tid FROM thread" | sort >found
diff wanted found || fail 'other numbers than the threads have themselves'
[ "$(sqlite3 -readonly tids.db 'SELECT count(*) FROM thread_state AS s JOIN thread AS t USING (run_id, thread)
                                WHERE s.tid <> t.tid')" = 0 ] || fail "a thread's states have another number"
