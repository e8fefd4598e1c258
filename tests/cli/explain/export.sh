#!/bin/sh
# heapwait export on the committed call paths: what it writes, to the byte, and what it refuses.
# usage: export.sh HEAPWAIT RECORDING_BUILD SOURCE
set -eu
heapwait=$1 build=$2 source=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset HEAPWAIT_DATA || true
"$build" "$folder/flame.db" "$source/analysis/schema.sql" "$source/tests/data/flame.sql"
"$build" "$folder/none.db" "$source/analysis/schema.sql" "$source/tests/data/study.sql"
cd "$folder"
fail() { echo "FAILED: $*" >&2; exit 1; }

# expect STATUS PATTERN ARGUMENT...: one line on stderr, nothing on stdout
expect()
{
    status=$1 pattern=$2 got=0
    shift 2
    "$heapwait" export "$@" >out 2>err || got=$?
    [ "$got" = "$status" ] || fail "export $*: exit status $got instead of $status: $(cat err)"
    [ ! -s out ] || fail "export $*: text on stdout"
    [ "$(wc -l <err)" = 1 ] || fail "export $*: not one line: $(cat err)"
    grep -q -e "$pattern" err || fail "export $*: $(cat err)"
}

"$heapwait" export flame.db --folded --variant musl --threads 4 >folded
diff -u - folded <<'EXPECTED' || fail 'the folded paths'
[unknown] 8
start;main 10
start;main;[other.so] 7
start;main;a:b?"q" \ 1
start;main;encode 100
start;main;malloc 4
start;main;malloc 12
start;main;malloc;__lock 20
start;main;malloc;__lock;entry_SYSCALL_64;do_futex 3
start;main;malloc;__lock;entry_SYSCALL_64;do_futex;futex_wake;hash_bucket 30
start;main;memcpy 5
EXPECTED

# several trees: each under its name; every sample of the runs that count
"$heapwait" export --folded flame.db -o all
[ "$(sed -n 1p all)" = 'glibc, 4 threads;start;main 60' ] || fail "the first line is $(sed -n 1p all)"
grep -qx 'musl, 1 thread;start 9' all || fail 'no tree of one thread'
[ "$(awk '{ n += $NF } END { print n }' all)" = 316 ] ||
    fail 'samples are missing'

"$heapwait" export --speedscope flame.db --variant glibc -o glibc.json
diff -u - glibc.json <<EXPECTED || fail 'the JSON'
{"\$schema": "https://www.speedscope.app/file-format-schema.json",
"name": "flame.db",
"exporter": "$("$heapwait" --version)",
"shared": {"frames": [
{"name":"main","file":"passwords-glibc"},
{"name":"malloc","file":"libc.so.6"},
{"name":"start","file":"passwords-glibc"}]},
"profiles": [
{"type": "sampled", "name": "glibc, 4 threads", "unit": "none", "startValue": 0, "endValue": 100,
"samples": [
[2,0],
[2,0,1]],
"weights": [60,40]}]}
EXPECTED

# all of it, as another JSON reader has it: the folded lines again
if command -v sqlite3 >/dev/null; then
    "$heapwait" export flame.db --speedscope -o all.json
    sqlite3 :memory: "CREATE TABLE t AS SELECT readfile('all.json') AS j;
        WITH profile AS (SELECT key AS p, value AS v FROM t, json_each(CAST(j AS TEXT), '\$.profiles')),
             sample AS (SELECT p, v ->> 'name' AS name, s.key AS i, s.value AS s FROM profile, json_each(v, '\$.samples') AS s),
             weight AS (SELECT p, w.key AS i, w.value AS w FROM profile, json_each(v, '\$.weights') AS w),
             frame AS (SELECT key AS f, replace(replace(value ->> 'name', ';', ':'), char(10), '?') AS name
                       FROM t, json_each(CAST(j AS TEXT), '\$.shared.frames'))
        SELECT name || ';' || (SELECT group_concat(frame.name, ';') FROM json_each(s) AS e JOIN frame ON f = e.value)
               || ' ' || w
        FROM sample JOIN weight USING (p, i) ORDER BY p, i;" >again
    diff -u all again || fail 'the JSON and the folded lines differ'
fi

expect 1 "no samples with call paths; .heapwait record --perf. takes them" none.db --folded
expect 1 'it has: glibc with 4 threads, musl with 1 thread, musl with 4 threads' flame.db --folded --variant mine
expect 1 'it has: ' flame.db --speedscope --variant glibc --threads 1
expect 1 "there is no recording 'heapwait.db'" --folded
expect 2 'one of --folded and --speedscope' flame.db
expect 2 'one of --folded and --speedscope' flame.db --folded --speedscope
expect 2 'one recording at a time' flame.db flame.db --folded
expect 2 "no option '--nonsense'" flame.db --nonsense
expect 2 '--threads takes' flame.db --folded --threads x
expect 125 "can't write 'missing/out'" flame.db --folded -o missing/out
expect 125 "can't write to /dev/full" flame.db --folded -o /dev/full
echo older >kept
expect 1 'it has: ' flame.db --folded --variant mine -o kept
[ "$(cat kept)" = older ] || fail 'a failure replaced a file'
[ -z "$(find . -name 'kept.*')" ] || fail 'a half file is left'
"$heapwait" export --folded flame.db >/dev/full 2>err && fail 'a full disk goes unnoticed'
grep -q "can't write to standard output" err || fail "a full disk is not told: $(cat err)"
