#!/bin/sh
# Who waits, by either collector: a program whose waits for malloc's lock are known by caller, recorded by heapwait's
# probes and by perf, which unwinds by itself.  Where perf followed frame pointers it may leave out a caller, and then
# nobody may be named.  $1: heapwait, $2: the program, $3: it with frame pointers.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1 subject=$2 pointers=$3
"$heapwait" doctor --perf >/dev/null || { echo "SKIPPED: perf can't record here: see heapwait doctor --perf"; exit 77; }
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

# The functions above malloc, each with its sampled waits.
waiting()
{
    "$heapwait" explain --json "$1" | sed -n '/^"waiter_path"/,/^[^{]*\]/s/.*"is_malloc":1,"function":"\{0,1\}\([^",]*\).*"waits":\([0-9]*\).*/\1 \2/p' |
        awk '$2 { waits[$1] += $2 } END { for (f in waits) print f, waits[f] }' | sort
}
# perf_session OUT GRAPH COMMAND: futex calls with call graphs.
perf_session()
{
    perf record -q -e syscalls:sys_enter_futex,syscalls:sys_exit_futex --call-graph "$2" -o "$1.data" -- "$3" >log 2>&1
    expect "perf record --call-graph $2" 0 $?
    "$heapwait" import -o "$1" "$1.data" >log 2>&1
    expect "import of it" 0 $?
}

known="by_aligned 8
by_calloc 8
by_jumps 8
by_malloc 8
by_memalign 8
by_pointer 8
by_realloc 8"
"$heapwait" record -o own.db -- "$subject" >log 2>&1; expect "record" 0 $?
expect "callers by heapwait" "$known" "$(waiting own.db)"
perf_session dwarf.db dwarf "$subject"
expect "callers by perf" "$known" "$(waiting dwarf.db)"

perf_session pointers.db fp "$pointers"
expect "callers by frame pointers are right or none" "" "$(waiting pointers.db | grep -v -e '^null ' -e '^by_')"
expect "and all waits are there" 56 "$(waiting pointers.db | awk '{ waits += $2 } END { print waits }')"
exit $failed
