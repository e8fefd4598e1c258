#!/bin/sh
# perf sessions of which something is missing, with a real perf: an import says what, and what it has is as many as perf
# script has.  $1: heapwait, $2: the subject.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1 subject=$2
"$heapwait" doctor --perf >/dev/null || { echo "SKIPPED: perf can't record here: see heapwait doctor --perf"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
HOME=$folder/home
export HOME
mkdir home empty
failed=0
# A program of its own, which can be moved away; the subject's words and calls are known.
mkdir bin && cp "$subject" bin/app && objcopy --only-keep-debug bin/app app.debug

# record FILE OPTION...: a session
record()
{
    file=$1
    shift
    perf record -q -o "$file" "$@" >out 2>log || cat log
}
# import_of FILE OPTION...: FILE.data into FILE.db
import_of()
{
    file=$1
    shift
    "$heapwait" import -o "$file.db" "$@" "$file.data" 2>log; expect "$file: imported" 0 $?
    expect "$file: all that was read is accounted for" 0 "$(query "$file" "SELECT count FROM loss WHERE reason LIKE '%not accounted for%'")"
}
query()
{
    sqlite3 -separator ' ' "$1.db" "$2" | tr '\n' ',' | sed 's/,$//'
}
# events FILE PATTERN: how many perf script has of these, but for the idle task's
events()
{
    perf script -i "$1.data" -F pid,event 2>/dev/null | awk -v what="$2" '$1 != 0 && $2 ~ what' | wc -l
}
lost()
{
    query "$1" "SELECT coalesce(sum(count), 0) FROM loss"
}

# ---- calls ----
FUTEX='-e syscalls:sys_enter_futex -e syscalls:sys_exit_futex'
# shellcheck disable=SC2086 # the line is made of words
{
record whole.data --buildid-all -g $FUTEX -e cpu-clock --switch-events -- bin/app known
record begun.data -g -e syscalls:sys_enter_futex -- bin/app known
record sampled.data -F 99 $FUTEX -- bin/app known
record counted.data -c 100 $FUTEX -- bin/app known
record filtered.data -e syscalls:sys_enter_futex --filter 'op == 0' -e syscalls:sys_exit_futex -- bin/app known
record both.data -e syscalls:sys_enter_futex --filter 'op == 0' -e syscalls:sys_exit_futex --filter 'ret == 0' -- bin/app known
record user.data -e syscalls:sys_enter_futex:u -e syscalls:sys_exit_futex:u -e sched:sched_switch:u -- bin/app known
}
import_of whole
expect "whole: nothing lost" 0 "$(lost whole)"
expect "whole: each sample" "$(events whole cpu-clock)" "$(query whole "SELECT coalesce(sum(samples), 0) FROM sample")"
expect "whole: each call" "$(events whole sys_enter_futex)" "$(query whole "SELECT sum(calls) FROM lock_outcome")"
of_word="lock_outcome JOIN lock ON lock.id = lock_id WHERE name = 'known_word'"
counts="SELECT op || ' ' || outcome || ' ' || sum(calls) FROM $of_word GROUP BY op, outcome ORDER BY op, outcome"
operations="SELECT op || ' ' || sum(calls) FROM $of_word GROUP BY op ORDER BY op"

import_of begun
expect "begun: nothing lost" 0 "$(lost begun)"
expect "begun: each call" "$(events begun sys_enter_futex)" "$(query begun "SELECT sum(calls) FROM lock_outcome")"
expect "begun: by operation" "$(query whole "$operations")" "$(query begun "$operations")"
expect "begun: no outcome and no time" 0 "$(query begun "SELECT count(outcome) + count(total_ns) + count(blocked_ns) + count(woken) FROM lock_outcome")"
expect "begun: the word" 1 "$(query begun "SELECT count(*) FROM lock WHERE name = 'known_word'")"
expect "begun: with callers" 1 "$(query begun "SELECT sum(waits) > 0 FROM waiter")"

import_of sampled
expect "sampled: each call that is there" "$(events sampled sys_enter_futex)" "$(query sampled "SELECT coalesce(sum(calls), 0) FROM lock_outcome")"
expect "sampled: no outcome" 0 "$(query sampled "SELECT count(outcome) FROM lock_outcome")"
holds "sampled: told" log "syscalls:sys_enter_futex: perf sampled it, 99 times a second at most"
holds "sampled: a loss" log "kinds of futex events of which perf"

import_of counted # perf record -c makes a sample of each tracepoint all the same
expect "counted: the same calls" "$(query whole "$operations")" "$(query counted "$operations")"

import_of filtered
expect "filtered: the calls that pass" "$(events filtered sys_enter_futex)" "$(query filtered "SELECT coalesce(sum(calls), 0) FROM lock_outcome")"
expect "filtered: with their ends" "$(query filtered "SELECT count(*) FROM lock_outcome")" \
    "$(query filtered "SELECT count(outcome) FROM lock_outcome")"
holds "filtered: told" log "syscalls:sys_enter_futex: perf recorded those that pass its --filter"
import_of both
expect "both filtered: no pairs" "$(events both sys_enter_futex) 0" "$(query both "SELECT coalesce(sum(calls), 0), count(outcome) FROM lock_outcome")"

import_of user
expect "user's code only: calls are the user's" "$(query whole "$operations")" "$(query user "$operations")"
expect "user's code only: switches are not" 0 "$(query user "SELECT count(blocked_ns) FROM lock_outcome")"
holds "user's code only: told" log "sched:sched_switch"

# ---- what was measured ----
# shellcheck disable=SC2086
{
record undashed.data $FUTEX bin/app known
record dashed.data $FUTEX bin/app known -- arg
sleep 60 &
sleeper=$!
record process.data $FUTEX -e cpu-clock -p $sleeper -- sleep 0.01
kill $sleeper
record machine.data -a -e cpu-clock -- bin/app known
}
import_of undashed
expect "undashed: its calls" "$(query whole "$counts")" "$(query undashed "$counts")"
expect "undashed: the command and its time" "bin/app known 1" "$(query undashed "SELECT command, wall_ns > 23 * 2000000 FROM run")"
holds "undashed: what the time is of" log "measured: bin/app known; the time from the command's exec to its exit"
import_of dashed
expect "dashed: the command" "bin/app known -- arg" "$(query dashed "SELECT command FROM run")"
"$heapwait" import -o process.db process.data 2>log; expect "process: imported, or with nothing in it" 1 $(($? <= 1))
import_of machine
expect "machine: not the command's" "all processes, while: bin/app known" "$(query machine "SELECT command FROM run")"
expect "machine: the time of the records" "from the session's first record to its last" \
    "$(query machine "SELECT value FROM host WHERE key = 'perf_wall_time'")"
expect "machine: each sample but the idle task's" "$(events machine cpu-clock)" "$(query machine "SELECT coalesce(sum(samples), 0) FROM sample")"
expect "no date without a clock" "?" "$(query machine "SELECT coalesce(started_at, '?') FROM run")"
record dated.data -k CLOCK_MONOTONIC -e cpu-clock -- bin/app known
import_of dated
expect "a date with one" 1 "$(query dated "SELECT abs(unixepoch() - unixepoch(started_at)) < 600 FROM run")"

# ---- cut off ----
# shellcheck disable=SC2086
perf record -q -o - $FUTEX -e cpu-clock -- bin/app known >piped.data 2>log || cat log
import_of piped
expect "piped: the same calls" "$(query whole "$counts")" "$(query piped "$counts")"
expect "piped: whole" "0 0" "$(query piped "SELECT interrupted, (SELECT sum(count) FROM loss) FROM run")"
size=$(wc -c <piped.data)
part=1
while [ $part -lt 38 ]; do
    head -c $((size * part / 38)) piped.data >cut.data
    if "$heapwait" import -o cut.db cut.data 2>log; then
        expect "cut at $part of 38" "1 1" "$(query cut "SELECT interrupted,
            (SELECT count FROM loss WHERE reason = 'missing end of the session') FROM run")"
        grep -qE "it (may be|is) cut off" log || { echo "FAILED: cut at $part of 38: nothing is said:"; cat log; failed=1; }
    else
        expect "cut at $part of 38: one line" 1 "$(wc -l <log)"
    fi
    part=$((part + 1))
done

# ---- files that moved ----
record stacks.data --buildid-all --call-graph dwarf -e cpu-clock -- bin/app known
perf buildid-cache --add bin/app 2>log || cat log # as perf record itself does, unless it is told not to
mv bin moved
word="SELECT name FROM lock WHERE name = 'known_word'"
import_of stacks
expect "stacks: each sample" "$(events stacks cpu-clock)" "$(query stacks "SELECT coalesce(sum(samples), 0) FROM sample")"
import_of whole
expect "moved: known from perf's cache" known_word "$(query whole "$word")"
expect "moved: nothing missing" 0 "$(grep -c 'no names of .*bin/app' log)"
export HOME="$folder/empty"
import_of stacks
expect "nowhere: each sample" "$(events stacks cpu-clock)" "$(query stacks "SELECT coalesce(sum(samples), 0) FROM sample")"
import_of whole
expect "nowhere: not known" "" "$(query whole "$word")"
expect "nowhere: each sample of whole" "$(events whole cpu-clock)" "$(query whole "SELECT coalesce(sum(samples), 0) FROM sample")"
holds "nowhere: said" log "no names of $folder/bin/app: it is not here"
expect "nowhere: true evidence" 1 "$(query whole "SELECT count(*) > 0 FROM lock WHERE evidence LIKE '%file not reachable: %/bin/app%'")"
import_of whole --debug-file moved/app
expect "given" known_word "$(query whole "$word")"
import_of whole --debug-file app.debug
expect "given its debug file alone" known_word "$(query whole "$word")"
mkdir -p "root/$folder" && cp -r moved "root/$folder/bin"
import_of whole --symfs root
expect "in a folder" known_word "$(query whole "$word")"
exit $failed
