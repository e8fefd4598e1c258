#!/bin/sh
# heapwait under the limits of a shell: it says what stands in the way, and leaves nothing half done.
# $1: heapwait, $2: recording_build, $3: the source tree.
# shellcheck disable=SC3045 # dash and bash have these limits
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../expect.sh"
heapwait=$1 build=$2 source=$3
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/tmp"
TMPDIR=$folder/tmp
export TMPDIR
failed=0
cd "$folder" || exit 1
"$build" flame.db "$source/analysis/schema.sql" "$source/tests/data/flame.sql" || exit 1

# files that are open at a time: in a shell that has nothing to open after it, whatever this one has open already
files_limit()
{
    # The inner shell expands these words.
    # shellcheck disable=SC2016
    sh -c 'ulimit -n "$1"; shift; exec "$@"' sh "$@"
}

files_limit 20 "$heapwait" record -o n.db -- true 2>said
expect "few files" 125 $?
holds "few files: the remedy" said "ulimit -n"
expect "few files: one line" 1 "$(wc -l <said)"
expect "few files: nothing is left" "" "$(ls -A tmp; ls -d n.db* 2>/dev/null)"

files_limit 12 "$heapwait" report -o few flame.db >/dev/null 2>said
expect "a report of few files" 125 $?
holds "a report of few files: the remedy" said "only 12 files can be open at a time, which may be why: raise that limit (\`ulimit -n"
expect "a report of few files: nothing is left" "" "$(ls -d few .heapwait* 2>/dev/null)"

# the size of a file: the write fails, and heapwait goes on to say so
(ulimit -f 20; "$heapwait" record -o f.db -- true 2>said)
expect "small files" 125 $?
holds "small files: told" said "ulimit -f"
expect "small files: nothing is left" "" "$(ls -A tmp; ls -d f.db* 2>/dev/null)"
(ulimit -f 1; "$heapwait" report -o f flame.db >/dev/null 2>said)
expect "a report of small files" 125 $?
expect "a report of small files: nothing is left" "" "$(ls -d f .heapwait* 2>/dev/null)"

# and the command has the limit as it was: SIGXFSZ ends it
(ulimit -f 2000; "$heapwait" record -o c.db -- sh -c 'ulimit -f 1; head -c 100000 /dev/zero >big' 2>said)
expect "a command's own limit" 153 $?
exit $failed
