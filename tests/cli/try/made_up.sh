#!/bin/sh
# One row is all that an allocator takes: heapwait with a row for a made-up one, beside heapwait as it is.
# $1: heapwait, $2: heapwait with the row, $3: the folder of the allocator and its programs, $4: plain or traced.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
released=$1 heapwait=$2 kind=$4
[ "$kind" = plain ] || "$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
programs=$folder/given # LD_PRELOAD bears no blank, which the build folder may have
cp -r "$3" "$programs"
library=$(realpath "$programs/libmadeup.so.1")
unset LD_PRELOAD
failed=0

query() { sqlite3 -readonly "$1" "$2"; }

# found HEAPWAIT OPTION...: a try with the libraries that are found, of which only the made-up one is asked for
found()
{
    command=$1
    shift
    LD_LIBRARY_PATH=$programs "$command" try --rounds 1 --seed 1 --libraries madeup "$@" -- "$programs/made_up_subject" >out 2>log
}

if [ "$kind" = plain ]; then
    "$heapwait" try --help >help
    holds "it is listed" help "Known libraries: madeup jemalloc "
    "$released" try --help >help
    ! grep -q madeup help || { echo "FAILED: the released command lists it"; failed=1; }
    found "$heapwait" --no-probes -o try.db
    expect "it is found and preloaded" 0 $?
    holds "its row" out "madeup "
    expect "as the library that it is" "LD_PRELOAD=$library $programs/made_up_subject" \
        "$(query try.db "SELECT command FROM run WHERE variant = 'madeup' LIMIT 1")"
    found "$released" --no-probes
    expect "without the row it isn't known" 2 $?
    "$heapwait" try --libraries madeup --no-probes -- "$programs/made_up_subject" >out 2>log
    expect "where it isn't installed" 125 $?
    holds "what to install" log "not installed: madeup (package libmadeup1)"
    exit $failed
fi

# record HEAPWAIT NAME COMMAND...: into NAME.db, its verdict into NAME.txt
record()
{
    command=$1 name=$2
    shift 2
    "$command" record -o "$name.db" -- "$@" >log 2>&1 || { echo "FAILED: record $name:"; cat log; failed=1; }
    "$command" explain --all "$name.db" >"$name.txt" || { echo "FAILED: explain $name"; failed=1; }
}

# locks NAME: the locks that are malloc's, of whom, and by which evidence
locks()
{
    query "$1.db" "SELECT name || ', ' || allocator || ', ' || substr(evidence, 1, 30) FROM lock WHERE is_malloc ORDER BY name"
}

# As a library: by its symbol and by the call stack; without symbols by where it lies.
record "$heapwait" library env LD_PRELOAD="$library" "$programs/made_up_subject"
expect "the library" "madeup" "$(query library.db "SELECT allocator FROM run")"
expect "its locks" "lock of madeup (refilling: madeup_refill), madeup, call stack: madeup_refill of l
madeup_lock, madeup, symbol of the file" "$(locks library)"
expect "each wait is there" 1 "$(query library.db "SELECT min(calls) >= 25 FROM (SELECT sum(calls) AS calls FROM lock
    JOIN lock_outcome ON lock_id = id WHERE is_malloc AND op = 'wait' GROUP BY id)")"
holds "the verdict" library.txt "It allocates with madeup (malloc is libmadeup.so.1's, known by the file's name)."
holds "and its lock" library.txt "The lock is malloc's madeup_lock in libmadeup.so.1"
strip -o libmadeup.so.1 "$library"
record "$heapwait" bare env LD_PRELOAD="$folder/libmadeup.so.1" "$programs/made_up_subject"
case $(locks bare) in
*"unnamed word in libmadeup.so.1 ."*", madeup, it lies in the data of the all"*) ;;
*) echo "FAILED: the library without symbols: $(locks bare)"; failed=1 ;;
esac

# Linked in: by its symbol and its marker; without symbols by its message.
record "$heapwait" linked "$programs/made_up_linked"
expect "its locks" "lock of madeup (refilling: madeup_refill), madeup, call stack: madeup_refill of m
madeup_lock, madeup, symbol of the file" "$(locks linked)"
holds "the verdict" linked.txt "It allocates with madeup (malloc is made_up_linked's, which has madeup_malloc)."
strip -o stripped "$programs/made_up_linked"
record "$heapwait" stripped "$folder/stripped"
expect "a message of its code" "madeup" "$(query stripped.db "SELECT allocator FROM run")"

# Without the row.
record "$released" unknown env LD_PRELOAD="$library" "$programs/made_up_subject"
expect "not known" "unknown" "$(query unknown.db "SELECT allocator FROM run")"
expect "its locks" "lock of unknown (libmadeup.so.1) (madeup_take), unknown (libmadeup.so.1), call stack: malloc's functions
madeup_lock, unknown (libmadeup.so.1), it lies in the data of the lib" "$(locks unknown)"
holds "the verdict" unknown.txt "What it allocates with is not known (malloc is libmadeup.so.1's"

# `try` finds it in effect, and measures its waits.
found "$heapwait" -o try.db
expect "a traced try" 0 $?
expect "what it was found to be" "madeup" "$(query try.db "SELECT DISTINCT allocator FROM run WHERE variant = 'madeup' AND allocator NOT NULL")"
expect "its waits are malloc's" 1 "$(query try.db "SELECT sum(calls) >= 175 FROM run JOIN lock ON run_id = run.id
    JOIN lock_outcome ON lock_id = lock.id WHERE variant = 'madeup' AND is_malloc AND op = 'wait'")"
! grep -q 'not in effect' out || { echo "FAILED: not in effect:"; cat out; failed=1; }
"$heapwait" explain --all try.db >try.txt || { echo "FAILED: explain try.db"; failed=1; }
holds "the verdict" try.txt "The lock is malloc's madeup_lock in libmadeup.so.1"
exit $failed
