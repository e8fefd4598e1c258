#!/bin/sh
# Names where they are not easy to have.  $1: heapwait, $2: names_subject, $3, $4: its two libraries.
set -u
heapwait=$1 subject=$2 first=$3 second=$4
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

fail() { echo "FAILED: $*"; failed=1; }
record()
{
    "$heapwait" record -o run.db "$@" >log 2>&1
    status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 77 ] || { fail "record $* ended with $status:"; cat log; }
}
# calls NAME WANTED: calls on all words of that name
calls()
{
    got=$(sqlite3 -readonly run.db "SELECT coalesce(sum(calls), 0) FROM lock JOIN lock_outcome ON lock_id = id
        WHERE name = '$1'")
    [ "$got" = "$2" ] || { fail "$1 has $got calls, not $2:"; names; }
}
names() { sqlite3 -readonly run.db "SELECT name, module, evidence, sum(calls) FROM lock JOIN lock_outcome ON lock_id = id GROUP BY id"; }
evidence()
{
    got=$(sqlite3 -readonly run.db "SELECT evidence FROM lock WHERE name = '$1'")
    [ "$got" = "$2" ] || fail "evidence of $1 is '$got', not '$2'"
}
holds() { grep -qF -- "$1" log || { fail "no '$1' in:"; cat log; }; }

# Members, by DWARF.
structs() { calls 'pool.queue[2].lock' 3; calls pool.mutex 4; calls 'pool.words[1][2]' 5; }
record -- "$subject" structs
structs
evidence pool.mutex "symbol of the file, member by DWARF"

# The same stripped: nothing is known; with the unstripped file all is, by build-id, whatever it is called.
cp "$subject" stripped && strip --strip-all stripped
cp "$subject" as-it-was
record -- ./stripped structs
calls pool.mutex 0
calls 'pool+0x48' 0
record --debug-file as-it-was -- ./stripped structs
structs
evidence pool.mutex "symbol of the debug file given, member by DWARF"
if grep -q "was not used" log; then fail "it says that the file was not used"; fi

# Without build-ids the name decides; a file of another build is refused, with a sentence.
objcopy --remove-section .note.gnu.build-id stripped anonymous
objcopy --remove-section .note.gnu.build-id --only-keep-debug "$subject" anonymous.debug
record --debug-file anonymous.debug -- ./anonymous structs
structs
cp "$first" stripped.debug # another build, the right name
record --debug-file stripped.debug -- ./stripped structs
calls pool.mutex 0
holds "the debug file 'stripped.debug' is of another build than the stripped that ran"
"$heapwait" record -o none.db --debug-file nothing -- true >log 2>&1
[ $? -eq 125 ] || fail "a debug file that isn't there"
holds "can't read the debug file 'nothing': No such file or directory"
[ ! -e none.db ] || fail "a recording of nothing"
head -c 4096 stripped >bare
"$heapwait" record -o none.db --debug-file bare -- true >log 2>&1
[ $? -eq 125 ] || { fail "a debug file without symbols"; cat log; }

# Files that are gone, or that have another path in their own mount namespace.
cp "$subject" gone
record -- ./gone gone "$PWD/gone"
calls 'pool.queue[2].lock' 3
cp "$subject" replaced
record -- sh -c "cp '$first' other; exec ./replaced gone '$PWD/replaced'"
calls 'pool.queue[2].lock' 3
if unshare -m true 2>/dev/null; then
    mkdir inside
    record -- unshare -m sh -c "mount -t tmpfs none inside && cp '$subject' inside/program && exec inside/program gone"
    calls 'pool.queue[2].lock' 3
    [ ! -e inside/program ] || fail "the mount namespace is the same"
else
    echo "no mount namespace can be made here: not tried"
fi

# One address, two libraries, one after the other: each word is called by its own.
record -- "$subject" reload "$first" "$second"
[ "$status" -eq 77 ] && echo "the loader put the libraries elsewhere: not tried"
[ "$status" -eq 0 ] && { calls first_object.word 6; calls second_object.word 7; }

# One address, two processes: two locks.
record -- "$subject" processes
calls shared_word 17
[ "$(sqlite3 -readonly run.db "SELECT count(*) FROM lock WHERE name = 'shared_word'")" = 2 ] || fail "shared_word is not two locks"
[ "$(sqlite3 -readonly run.db "SELECT count(DISTINCT address) FROM lock WHERE name = 'shared_word'")" = 1 ] ||
    fail "the two have different addresses: nothing was tried"

exit "$failed"
