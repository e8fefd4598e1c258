#!/bin/sh
# heapwait try as its user meets it, with an allocator of its own.  $1: heapwait, $2: the folder of the test's programs,
# $3: plain or traced.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1 kind=$3
[ "$kind" = plain ] || "$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
source=$(cd "$(dirname "$0")/../../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
programs=$folder/given # LD_PRELOAD bears no blank, which the build folder may have
cp -r "$2" "$programs"
mkdir temporary
TMPDIR=$folder/temporary
export TMPDIR
unset LD_PRELOAD
failed=0

try()
{
    "$heapwait" try --libraries none --seed 1 "$@" >out 2>log
}
# How often FILE has LETTER.
count()
{
    tr -cd "$2" <"$1" | wc -c
}

fake=$programs/libtry_allocator.so
if [ "$kind" = traced ]; then
    try --rounds 1 --library fake="$fake" -o traced.db -- "$programs/try_subject" ran
    expect "a traced try" 0 $?
    expect "one traced run of each, nothing lost" "fake 0,own 0" "$(sqlite3 traced.db "SELECT group_concat(t, ',') FROM
        (SELECT variant || ' ' || (SELECT sum(count) FROM loss WHERE run_id = run.id) AS t FROM run
         WHERE probes = 'waits' ORDER BY variant)")"
    grep -q '^own .* 0 *0 *0 *baseline' out || { echo "FAILED: measured, and none, is zero:"; cat out; failed=1; }
    # Without privilege there are no waits, and no failure.
    chmod 777 . temporary
    mkdir data && cp -r "$source/analysis/schema.sql" "$source/analysis/views" data
    cp "$heapwait" heapwait && cp -r "$programs" programs && chmod -R a+rX heapwait programs data
    HEAPWAIT_DATA=$folder/data
    export HEAPWAIT_DATA
    : >nobody && chmod 666 nobody out log
    setpriv --reuid 65534 --regid 65534 --clear-groups ./heapwait try --libraries none --rounds 1 \
        --library fake="programs/libtry_allocator.so" -- programs/try_subject nobody >out 2>log
    expect "without privilege" 0 $?
    holds "it is said" log "waits for malloc's locks are not measured: "
    holds "and once more" out "waits for malloc's locks: not measured"
    exit $failed
fi

# The library is found to take over, and does; the recording is an ordinary study.
try --no-probes --rounds 2 --library fake="$fake" -o kept.db -- "$programs/try_subject" ran
expect "a try" 0 $?
expect "its runs, with a warm-up" 3 "$(count ran f)"
expect "the baseline's" 3 "$(count ran o)"
expect "all in the recording" "fake 2,own 2" "$(sqlite3 kept.db "SELECT group_concat(t, ',') FROM
    (SELECT variant || ' ' || count(*) AS t FROM run GROUP BY variant ORDER BY variant)")"
expect "the command as a shell would have it" "LD_PRELOAD=$(realpath "$fake") $programs/try_subject ran" \
    "$(sqlite3 kept.db "SELECT command FROM run WHERE variant = 'fake' LIMIT 1")"
holds "a row" out "fake "
holds "the baseline" out "own is the program as it is"
holds "waits are not zero, they are not measured" out "waits for malloc's locks: not measured"
"$heapwait" explain kept.db >page || { echo "FAILED: explain"; failed=1; }
"$heapwait" study --resume -o kept.db 2>log; expect "nothing is left to resume" 0 $?
holds "nothing is left" log "all of its runs are there already"

# Of two libraries as many rounds as judge both; with fewer neither is told apart, and it is said how many it takes.
cp "$fake" other.so
try --no-probes --library fake="$fake" --library other=./other.so -o both.db -- "$programs/try_subject" ran
expect "two libraries" 0 $?
expect "seven rounds" "fake 7,other 7,own 7" "$(sqlite3 both.db "SELECT group_concat(t, ',') FROM
    (SELECT variant || ' ' || count(*) AS t FROM run GROUP BY variant ORDER BY variant)")"
try --no-probes --rounds 6 --library fake="$fake" --library other=./other.so -- "$programs/try_subject" ran
expect "two libraries in six rounds" 0 $?
holds "it is said before" log "6 rounds can't tell 2 comparisons at once; --rounds 7 can"
tr '\n' ' ' <out | tr -s ' ' >line
expect "neither is told apart" 2 "$(grep -o "2 comparisons at once need 7 rounds" line | wc -l)"

# Nothing stays behind without -o.
try --no-probes --rounds 1 --library fake="$fake" -- "$programs/try_subject" ran
expect "without -o" 0 $?
expect "no file left" "" "$(ls temporary)"

# What would not be in effect is not run.
: >ran
try --no-probes --rounds 1 --library empty="$programs/libtry_empty.so" -- "$programs/try_subject" ran
expect "a library without malloc" 1 $?
holds "it is said" out "empty is not in effect, so it was not run: malloc is that of"
expect "only the baseline ran" 2 "$(wc -c <ran)"
try --no-probes --rounds 1 --library fake="$fake" -- "$programs/try_own"
expect "a program with its own malloc" 1 $?
holds "it is said" out "the program has a malloc of its own"
cp "$programs/try_subject" broken.so
truncate -s 200 broken.so
try --no-probes --rounds 1 --library broken=./broken.so -- "$programs/try_subject" ran
expect "a library that can't be loaded" 1 $?
holds "with the dynamic linker's own words" out "cannot be preloaded"

# A command that fails under one library.
try --no-probes --rounds 1 --library fake="$fake" -- "$programs/try_subject" ran 3
expect "fails under the library" 1 $?
holds "with its exit status" out "fake failed: exit status 3."
holds "the baseline has its time" out "own is the program"

# A script is its interpreter's.
printf '#!/usr/bin/env sh\nexec "%s" "%s/ran"\n' "$programs/try_subject" "$folder" >script
chmod +x script
: >ran
try --no-probes --rounds 1 --library fake="$fake" -- ./script
expect "a script" 0 $?
holds "it is said" log "is a script: '"
expect "it ran" 2 "$(count ran f)"

# An LD_PRELOAD of the user's own stays, behind the library.  (A sanitizer wants to be the first; here it need not.)
ASAN_OPTIONS=verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS} LD_PRELOAD=$programs/libtry_empty.so try --no-probes --rounds 1 --library fake="$fake" -o kept.db -- \
    "$programs/try_subject" ran
expect "another preload" "LD_PRELOAD=$(realpath "$fake"):$programs/libtry_empty.so" \
    "$(sqlite3 kept.db "SELECT substr(command, 1, instr(command, ' ') - 1) FROM run WHERE variant = 'fake' LIMIT 1")"

# What LD_PRELOAD doesn't reach is refused, and not run.
: >ran
try --no-probes --library fake="$fake" -- "$programs/try_static" ran
expect "a static program" 125 $?
holds "why" log "is linked statically"
holds "the remedy in Rust" log "#[global_allocator]"
holds "the remedy in C" log "archive before libc"
expect "it is not run" "" "$(cat ran)"
if [ "$(id -u)" = 0 ]; then
    cp "$programs/try_subject" raised && chown 65534 raised && chmod u+s raised
    try --no-probes --library fake="$fake" -- ./raised ran
    expect "setuid" 125 $?
    holds "why" log "is setuid: the dynamic linker ignores LD_PRELOAD"
fi
try --no-probes -- "$programs/try_subject" ran
expect "no library" 125 $?
holds "the remedy" log "--library NAME=FILE"
expect "none of them was run" "" "$(cat ran)"

try -- ./nothing; expect "not found" 127 $?
echo text >file
try -- ./file; expect "not executable" 126 $?
chmod +x file
try -- ./file; expect "no program" 126 $?
holds "what it lacks" log "begins with #!"
head -c 100 "$programs/try_subject" >broken && chmod +x broken
try -- ./broken; expect "cut off" 126 $?
echo '#!/nowhere/interpreter' >file
try -- ./file; expect "no interpreter" 127 $?
try; expect "no command" 2 $?
try --nonsense -- true; expect "no such option" 2 $?
try --rounds 0 -- true; expect "no rounds" 2 $?
try --library fake -- true; expect "a library without file" 2 $?
try --library fake="$fake" --library fake="$fake" -- true; expect "one name twice" 2 $?
"$heapwait" try --libraries nonsense -- true 2>log; expect "an unknown library" 2 $?
try --no-probes --library fake="$fake" -- echo '{threads}'; expect "a study's placeholder" 2 $?

# Two tables on a narrow terminal, none of them wider.
if command -v script >/dev/null; then
    # The inner shell expands.
    # shellcheck disable=SC2016
    HEAPWAIT=$heapwait FAKE=$fake SUBJECT=$programs/try_subject script -qec 'unset COLUMNS; stty cols 80; "$HEAPWAIT" try \
        --libraries none --no-probes --rounds 2 --library fake="$FAKE" -- "$SUBJECT" ran 2>/dev/null' /dev/null </dev/null | tr -d '\r' | sed 's/\x1b\[[0-9;]*m//g' >page
    holds "in a terminal" page "own is the program as it is"
    [ "$(LC_ALL=C.UTF-8 wc -L <page)" -le 80 ] || { echo "FAILED: wider than the terminal:"; cat page; failed=1; }
fi
exit $failed
