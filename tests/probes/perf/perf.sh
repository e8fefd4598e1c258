#!/bin/sh
# perf sessions, with a real perf: the line that doctor prints works; both collectors count the same; the password
# study's verdict is the same by either.  $1: heapwait, $2: the subject, $3: the password program's folder.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1 subject=$2 passwords=$3
"$heapwait" doctor --perf >/dev/null || { echo "SKIPPED: perf can't record here: see heapwait doctor --perf"; exit 77; }
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

# The counts of a word by operation and outcome.
counts()
{
    sqlite3 "$1" "SELECT group_concat(op || ' ' || outcome || ' ' || calls || ' ' || coalesce(woken, '-'), ', ')
        FROM (SELECT op, outcome, sum(calls) AS calls, sum(woken) AS woken FROM lock_outcome
              JOIN lock ON lock.id = lock_id WHERE name GLOB '$2' GROUP BY op, outcome ORDER BY op, outcome)"
}
lost()
{
    sqlite3 "$1" "SELECT coalesce(sum(count), 0) FROM loss WHERE reason LIKE '%perf%' OR reason LIKE '%futex%'"
}

# perf_record OPTION...: record by perf; once more while somebody's BPF program sits on the same tracepoints, since what
# it hides is no fault of either collector.
perf_record()
{
    for _ in 1 2 3 4 5; do
        "$heapwait" record --collector perf "$@" >/dev/null 2>log
        status=$?
        grep -q 'BPF program' log || break
    done
    return "$status"
}

# Where tracefs isn't mounted yet perf mounts it, and the line is promised all the same.
# The inner shell expands these words.
# shellcheck disable=SC2016
unshare -m sh -c 'umount /sys/kernel/tracing 2>/dev/null
    [ -e /sys/kernel/tracing/events ] || "$1" doctor --perf && perf record -o unmounted.data -e syscalls:sys_enter_futex true' \
    sh "$heapwait" >log 2>&1 || { cat log && echo "FAILED: without tracefs" && failed=1; }
grep -q 'works here' log || { cat log && echo "FAILED: tracefs was not unmounted, or the line is not promised" && failed=1; }

# One deterministic program, both collectors.
for mode in known kinds; do
    "$heapwait" record -o "bpf-$mode.db" -- "$subject" "$mode" >/dev/null 2>log; expect "$mode by bpf" 0 $?
    perf_record -o "perf-$mode.db" -- "$subject" "$mode"; expect "$mode by perf" 0 $?
    expect "$mode: nothing lost" 0 "$(lost "perf-$mode.db")"
    for word in 'known_word*' other_word pi_word; do
        expect "$mode: both collectors count the same on $word" "$(counts "bpf-$mode.db" "$word")" \
            "$(counts "perf-$mode.db" "$word")"
    done
done
expect "and it is what was done" "wait eagain 1009 -, wait slept 23 -, wake woke_none 211 0, wake woke_some 23 23" \
    "$(counts perf-known.db known_word)"
expect "each sleep was 2 ms and more" 1 "$(sqlite3 perf-known.db "SELECT blocked_ns >= 23 * 2000000 AND
    total_ns = oncpu_ns + blocked_ns + runnable_ns FROM lock_outcome JOIN lock ON lock.id = lock_id
    WHERE name = 'known_word' AND outcome = 'slept'")"
expect "each sleep has its handoff" 23 "$(sqlite3 perf-known.db "SELECT sum(calls) FROM handoff_histogram
    JOIN lock ON lock.id = lock_id WHERE name = 'known_word'")"
expect "the evidence" "symbol of the file" "$(sqlite3 perf-known.db \
    "SELECT DISTINCT evidence FROM lock WHERE name = 'known_word'")"
expect "the same tables otherwise" "glibc dynamic ptmalloc 0" "$(sqlite3 -separator ' ' perf-known.db \
    "SELECT libc, linkage, allocator, exit_status FROM run")"
# Processes: one that becomes another, one that has children.
for mode in exec forks; do
    "$heapwait" record -o "bpf-$mode.db" -- "$subject" "$mode" 2>log
    perf_record -o "perf-$mode.db" -- "$subject" "$mode"; expect "$mode" 0 $?
    expect "$mode: words of each process" \
        "$(sqlite3 "bpf-$mode.db" "SELECT calls FROM lock JOIN lock_outcome ON lock_id = id WHERE name = 'known_word' ORDER BY 1")" \
        "$(sqlite3 "perf-$mode.db" "SELECT calls FROM lock JOIN lock_outcome ON lock_id = id WHERE name = 'known_word' ORDER BY 1")"
done

# How a command ends.
"$heapwait" record --collector perf -o x.db -- "$subject" exit 7 2>log; expect "the command's own status" 7 $?
# shellcheck disable=SC2016 # the inner shell expands
"$heapwait" record --collector perf -o x.db -- sh -c 'kill -9 $$' 2>log; expect "a signal, as a shell says it" 137 $?
rm -f x.db x.db.old
"$heapwait" record --collector perf -o x.db -- ./nothing 2>log; expect "not found" 127 $?
expect "one line" 1 "$(wc -l <log)"
echo text >file
"$heapwait" record --collector perf -o x.db -- ./file 2>log; expect "not executable" 126 $?
"$heapwait" record --collector perf -m ledger -o x.db -- true 2>log; expect "no ledger by perf" 2 $?
"$heapwait" record --collector perf -m profile -o x.db -- true 2>log; expect "no profile by perf" 2 $?
"$heapwait" record --collector strace -o x.db -- true 2>log; expect "no such collector" 2 $?
"$heapwait" record --collector perf -o /nonexistent/x.db -- true 2>log; expect "no such folder" 125 $?
for left in x.db*; do
    [ ! -e "$left" ] || { echo "FAILED: $left is left"; failed=1; }
done

# Somebody's session of the whole machine, with the scheduler's tracepoints and every system call.
perf record -q -a -o machine.data -m 4M -e raw_syscalls:sys_enter -e raw_syscalls:sys_exit -e sched:sched_switch \
    -e sched:sched_wakeup -- "$subject" known >/dev/null 2>log || cat log
"$heapwait" import -o machine.db machine.data 2>log; expect "a session of the whole machine" 0 $?
if [ "$(sqlite3 machine.db "SELECT count FROM loss WHERE reason = 'records that perf lost'")" = 0 ]; then
    expect "the same counts from it" "$(counts bpf-known.db known_word)" "$(counts machine.db known_word)"
fi

# heapwait and perf side by side: neither takes the other's events away.
"$heapwait" record -o outer.db -- perf record -q -o inner.data -k CLOCK_MONOTONIC -e syscalls:sys_enter_futex \
    -e syscalls:sys_exit_futex --switch-events -- "$subject" known >/dev/null 2>log || cat log
"$heapwait" import -o inner.db inner.data 2>log; expect "a session made beside the probes" 0 $?
expect "perf saw all" "$(counts bpf-known.db known_word)" "$(counts inner.db known_word)"
expect "the probes saw all" "$(counts bpf-known.db known_word)" "$(counts outer.db known_word)"

# The password program by the line that doctor prints: the same verdict as the probes'.
"$heapwait" doctor --perf | sed -n '1s/ -- COMMAND$//p' >line
line=$(cat line)
# The hottest of malloc's locks; nothing: no thread has met another there.
malloc_waits()
{
    sqlite3 -separator ' ' "$1" "SELECT name, allocator, evidence FROM lock JOIN lock_outcome ON lock_id = id WHERE is_malloc
        GROUP BY lock_id ORDER BY sum(calls) DESC LIMIT 1"
}
study()
{
    for _ in 1 2 3 4 5; do
        eval "$line"' -o study.data -- "$passwords/passwords-$1" --threads 4 --passwords "$2"' >/dev/null 2>log || cat log
        "$heapwait" doctor --perf | grep -q '^limited: BPF' || break
    done
    "$heapwait" import -o "study-$1.db" study.data 2>log; expect "the line works: $1" 0 $?
    "$heapwait" explain --all "study-$1.db" >"explained-$1" 2>log; expect "explained: $1" 0 $?
}
# Samples with call paths; a run that is over before the clock's first tick has none.
sampled()
{
    [ "$(sqlite3 "study-$1.db" "SELECT sum(samples) > 0 FROM frame_sample")" = 1 ]
}
if [ -x "$passwords/passwords-musl" ]; then
    # On a busy machine one thread may be through before the next begins: then again, with more work.
    for work in 20000 80000 320000 1280000; do
        study musl $work
        [ -z "$(malloc_waits study-musl.db)" ] || ! sampled musl || break
    done
    sampled musl || { echo "FAILED: no samples with call paths: musl"; failed=1; }
    for work in 20000 200000 2000000 20000000; do
        "$heapwait" record -o probes-musl.db -- "$passwords/passwords-musl" --threads 4 --passwords $work >/dev/null 2>log
        [ -z "$(malloc_waits probes-musl.db)" ] || break
    done
    for db in study-musl.db probes-musl.db; do
        expect "the hottest malloc lock in $db" "__malloc_lock mallocng symbol of the file" "$(malloc_waits $db)"
    done
    holds "the verdict" explained-musl "The lock is malloc's __malloc_lock in passwords-musl"
    expect "musl, static" "musl mallocng static" "$(sqlite3 -separator ' ' study-musl.db "SELECT libc, allocator, linkage FROM run")"
fi
if [ -x "$passwords/passwords-glibc" ]; then
    study glibc 200000 # 20,000 take no longer than the time between two samples, where the machine is fast
    sampled glibc || { echo "FAILED: no samples with call paths: glibc"; failed=1; }
    expect "glibc makes next to no calls" 1 "$(sqlite3 study-glibc.db "SELECT coalesce(sum(calls), 0) < 2000 FROM lock_outcome
        JOIN lock ON lock.id = lock_id WHERE is_malloc")"
fi
exit $failed
