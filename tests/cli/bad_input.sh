#!/bin/sh
# What stands in the way of a recording or a report: one line with the remedy, the right exit status, nothing of anybody's
# touched, nothing left that looks whole; and a recording that is read while it is written.
# $1: heapwait, $2: the folder of try's programs, $3: recording_build, $4: the source tree; $5: the folder, when the
# script runs itself for what needs a mount namespace.
set -u
heapwait=$1 build=$3 source=$4
folder=${5-$(mktemp -d)}
[ $# = 5 ] || trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
[ $# = 5 ] || cp -r "$2" given # LD_PRELOAD bears no blank, which the build folder may have
subject=$folder/given/try_subject
failed=0
probes=0
"$heapwait" doctor >/dev/null 2>&1 && probes=1

fail()
{
    echo "FAILED: $*"
    failed=1
}
# expect NAME WANTED GOT
expect()
{
    [ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"
}
# refused NAME STATUS WORDS COMMAND...: ends so, with these words on its last line of stderr; no command was run.
refused()
{
    name=$1 status=$2 words=$3
    shift 3
    : >ran
    "$@" >out 2>log </dev/null
    got=$?
    expect "$name" "$status" "$got"
    tail -n 1 log | grep -qF -- "$words" || { fail "$name: no '$words' in:"; cat log; }
    [ ! -s ran ] || fail "$name: the command was run"
}
# shellcheck disable=SC2317,SC2329 # called by its name in a variable
record()
{
    "$heapwait" record -o "$1" -- "$subject" ran
}
study()
{
    "$heapwait" study --variants none --no-probes --reps 1 --variant a="$subject ran" -o "$1"
}
# shellcheck disable=SC2317,SC2329
try()
{
    "$heapwait" try --no-probes --rounds 1 --libraries none --library fake="${subject%/*}/libtry_allocator.so" -o "$1" -- \
        "$subject" ran
}

full_disks()
{
    mount -t tmpfs -o size=64k none tiny
    for command in record study try; do
        refused "$command on a full disk" 125 "make room, or name another place with -o" $command tiny/a.db
        expect "$command: nothing is left" "" "$(ls tiny)"
    done
    TMPDIR=tiny refused "try with a full TMPDIR" 125 "make room" "$heapwait" try --no-probes --rounds 1 --libraries none \
        --library fake="${subject%/*}/libtry_allocator.so" -- "$subject" ran
    expect "nothing is left" "" "$(ls tiny)"
    "$heapwait" report study.db -o tiny/report >out 2>log
    expect "a report on a full disk" 125 $?
    grep -qE "disk is full|needs Typst|needs gnuplot" log || { fail "a report on a full disk: it isn't said"; cat log; }
    expect "nothing is left" "" "$(ls -A tiny)"
    umount tiny

    # Full when it is written: the command itself fills it.  What was measured is in TMPDIR then.
    mkdir elsewhere
    mount -t tmpfs -o size=1M none tiny
    cp real.db tiny/a.db
    before=$(cksum <tiny/a.db)
    fill="sh -c 'head -c 2M /dev/zero >tiny/fill; true'"
    TMPDIR=$folder/elsewhere "$heapwait" study --variants none --no-probes --reps 2 --variant a="$fill" -o tiny/b.db >out 2>log
    expect "a study whose disk fills up" 125 $?
    tail -n 1 log | grep -q "make room, .*; what was measured is kept in '$folder/elsewhere/b.db.new-" ||
        { fail "it isn't said"; cat log; }
    expect "its first run is kept" 1 "$(sqlite3 -readonly elsewhere/b.db.new-* 'SELECT count(*) FROM run')"
    rm tiny/fill
    "$heapwait" explain tiny/b.db >page 2>log || { fail "what was there before can be read"; cat log; }
    expect "no run, or whole ones" ok "$(sqlite3 -readonly tiny/b.db 'PRAGMA integrity_check')"
    "$heapwait" study --resume -o elsewhere/b.db.new-* >out 2>log || { fail "what is kept can be resumed"; cat log; }
    rm tiny/b.db tiny/fill elsewhere/*
    if [ "$probes" = 1 ]; then
        TMPDIR=$folder/elsewhere "$heapwait" record -o tiny/a.db -- sh -c 'head -c 2M /dev/zero >tiny/fill; true' >out 2>log
        expect "a record whose disk fills up" 125 $?
        tail -n 1 log | grep -q "make room, .*; what was measured is kept in '$folder/elsewhere/a.db.new-" ||
            { fail "it isn't said"; cat log; }
        expect "the older one is untouched" "$before" "$(cksum <tiny/a.db)"
        expect "and nothing else is there" 2 "$(find tiny -type f | wc -l)"
        expect "its run is kept" 1 "$(sqlite3 -readonly elsewhere/a.db.new-* 'SELECT count(*) FROM run')"
        rm elsewhere/* tiny/fill
        # No room anywhere: that is said, too.
        TMPDIR=tiny "$heapwait" record -o tiny/a.db -- sh -c 'head -c 2M /dev/zero >tiny/fill; true' >out 2>log
        expect "no room anywhere" 125 $?
        tail -n 1 log | grep -q "what was measured is lost" || { fail "it isn't said"; cat log; }
        expect "and nothing else is there" 2 "$(find tiny -type f | wc -l)"
    fi
    umount tiny

    mount -t tmpfs -o ro none tiny
    for command in record study try; do
        refused "$command on a read-only disk" 125 "can't write into the folder 'tiny' (Read-only file system)" $command tiny/a.db
    done
    refused "report on a read-only disk" 125 "Read-only file system" "$heapwait" report study.db -o tiny/report
    umount tiny
}
if [ $# = 5 ]; then
    full_disks
    exit $failed
fi

# ---- what is there already ----
mkdir folder
mkfifo fifo
echo text >text
study real.db >out 2>log || fail "a recording for the rest"
ln -s real.db link
ln -s nowhere dangling
sqlite3 other.db "CREATE TABLE t (a)"
: >empty
before=$(cksum real.db other.db text)
for command in record study try; do
    for place in folder fifo text other.db /dev/null /dev/full; do
        refused "$command into $place" 125 "is left alone: name another file with -o" "$command" $place
    done
    for place in link dangling; do
        refused "$command into $place" 125 "is a symbolic link" "$command" $place
    done
    refused "$command into no folder" 125 "there is no folder 'nowhere'" "$command" nowhere/x.db
    refused "$command into nothing" 2 "-o takes the name of a file" "$command" ""
done
expect "others' files are untouched" "$before" "$(cksum real.db other.db text)"
[ ! -e nowhere ] || fail "a link was followed"
study empty >out 2>log || fail "an empty file is no loss"
study :memory: >out 2>log || fail "a name that SQLite has another meaning for"
[ -s ./:memory: ] || fail ":memory: is a file like any other"
[ -z "$(find . -name '*.new-*')" ] || fail "a draft is left"

# ---- what is no recording, or no whole one ----
"$build" study.db "$source/analysis/schema.sql" "$source/tests/data/study.sql" || fail "the test's recording"
head -c 50000 study.db >half.db
for command in explain report; do
    : >nothing
    refused "$command of nothing" 1 "there is no recording" "$heapwait" $command none.db
    refused "$command of a folder" 1 "is not a file" "$heapwait" $command folder
    refused "$command of a FIFO" 1 "is not a file" "$heapwait" $command fifo
    refused "$command of text" 1 "is not a recording" "$heapwait" $command text
    refused "$command of an empty file" 1 "is empty" "$heapwait" $command nothing
    refused "$command of another's database" 1 "of another program" "$heapwait" $command other.db
    refused "$command of half a recording" 1 "damaged or cut off" "$heapwait" $command half.db
done
for place in text fifo; do
    refused "report into $place" 125 "it is not a folder; choose another with -o" "$heapwait" report study.db -o $place
done
refused "report into a link" 125 "is a symbolic link; it is left alone" "$heapwait" report study.db -o link
refused "report into no folder" 125 "choose another folder with -o" "$heapwait" report study.db -o nowhere/a/b
refused "bench into no folder" 125 "can't write 'nowhere/x.md'" "$heapwait-bench" --write nowhere/x.md
refused "bench into a folder" 125 "Is a directory; name another file" "$heapwait-bench" --write .
refused "two words for doctor" 2 "not 'more'" "$heapwait" doctor --calibrate more

# ---- nobody can write there ----
for command in "explain study.db" "explain study.db --json" doctor; do
    # shellcheck disable=SC2086 # words
    "$heapwait" $command >/dev/full 2>log
    expect "$command: a full disk behind stdout" 125 $?
    grep -q "can't write to standard output" log || fail "$command: it is not said"
done
mkdir locked && chmod 555 locked
if [ "$(id -u)" = 0 ]; then
    # A copy that others may run and read, wherever the checkout lies.
    mkdir data && cp -r "$source/analysis/schema.sql" "$source/analysis/views" data
    cp "$heapwait" heapwait && cp "$subject" subject && chmod -R a+rX . && chmod 666 ran
    HEAPWAIT_DATA=$folder/data
    export HEAPWAIT_DATA
    refused "a folder of somebody else's" 125 "can't write into the folder 'locked'" \
        setpriv --reuid 65534 --regid 65534 --clear-groups ./heapwait study --variants none --no-probes --reps 1 \
        --variant a="$folder/subject ran" -o locked/x.db
    unset HEAPWAIT_DATA
else
    refused "a folder of somebody else's" 125 "can't write into the folder 'locked'" study locked/x.db
fi

# ---- read while it is written ----
# The study's command tells that it runs and waits: what lies in the file then is known.
mkfifo ready go
"$heapwait" study --variants none --no-probes --reps 4 --seed 1 -o live.db \
    --variant a="sh -c 'echo >ready; read x <go'" >out 2>live.log &
writer=$!
for run in 0 1 2 3 4; do # 0: the warm-up
    read -r _ <ready || fail "run $run did not begin"
    [ $run = 0 ] || expect "whole runs are seen" "$((run - 1))" "$(sqlite3 -readonly live.db 'SELECT count(*) FROM run')"
    "$heapwait" explain live.db >page 2>log || { fail "explain while run $run is made"; cat log; }
    "$heapwait" explain live.db --json >page 2>log || { fail "explain --json while run $run is made"; cat log; }
    expect "it is JSON" 1 "$(sqlite3 :memory: "SELECT json_valid(readfile('page'))")"
    if [ $run = 2 ]; then
        refused "a second writer" 125 "is being written to by another heapwait" study live.db
        refused "one that resumes" 125 "is being written to by another heapwait" \
            "$heapwait" study --resume -o live.db
        # Who reads for long only delays the writer: it has to wait for the next lines until the reader is through.
        mkfifo hold
        { echo "BEGIN; SELECT count(*) FROM run;" && cat hold && echo "ROLLBACK;"; } | sqlite3 -readonly live.db >held &
        reader=$!
        until [ -s held ]; do kill -0 $reader || break; done
        echo >go
        echo >hold
        wait $reader
        continue
    fi
    echo >go
done
wait $writer
expect "the writer is content" 0 $?
expect "all runs are there" 4 "$(sqlite3 -readonly live.db 'SELECT count(*) FROM run')"
expect "the file is sound" ok "$(sqlite3 -readonly live.db 'PRAGMA integrity_check')"

# A writer that is killed leaves whole runs.
"$heapwait" study --variants none --no-probes --reps 4 --seed 1 -o killed.db \
    --variant a="sh -c 'echo >ready; read x <go'" >out 2>live.log &
writer=$!
for run in 0 1 2; do
    read -r _ <ready
    [ $run = 2 ] || echo >go
done
kill -KILL $writer
wait $writer 2>/dev/null
echo >go # lets the command end, which nobody waits for any more
"$heapwait" explain killed.db >page 2>log || { fail "explain of what a killed study left"; cat log; }
expect "whole runs" 1 "$(sqlite3 -readonly killed.db 'SELECT count(*) FROM run')"

# ---- full disks: small ones, in a mount namespace ----
mkdir tiny
if ! unshare -m mount -t tmpfs -o size=64k none tiny 2>/dev/null; then
    echo "not tested: full disks (this user can't mount)"
    exit $failed
fi
unshare -m sh "$0" "$1" "$2" "$3" "$4" "$folder" || failed=1
exit $failed
