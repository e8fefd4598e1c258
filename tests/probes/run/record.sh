#!/bin/sh
# heapwait record as its user meets it: exit statuses, messages, files.  $1: heapwait, $2: the subject,
# $3: that of the scenarios.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1 subject=$2 scenarios=$3
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
source=$(cd "$(dirname "$0")/../../.." && pwd)
cd "$folder" || exit 1
copied "$heapwait" "$source"
failed=0

"$heapwait" record -- "$subject" exit 7 2>log; expect "the command's own status" 7 $?
holds "the losses come first" log "lost: nothing"
holds "the word is named" log "known_word"
[ -s heapwait.db ] || { echo "FAILED: no heapwait.db"; failed=1; }
"$heapwait" record -- "$subject" exit 0 2>log; expect "a good command" 0 $?
[ -s heapwait.db.old ] || { echo "FAILED: the older recording isn't kept"; failed=1; }
# shellcheck disable=SC2016 # the inner shell expands
"$heapwait" record -o signal.db -- sh -c 'kill -9 $$' 2>log; expect "a signal, as a shell says it" 137 $?
"$heapwait" record -o x.db -- ./nothing 2>log; expect "not found" 127 $?
holds "it says what" log "./nothing"
echo text >file
"$heapwait" record -o x.db -- ./file 2>log; expect "not executable" 126 $?
[ -e x.db ] && { echo "FAILED: a recording of nothing"; failed=1; }
"$heapwait" record 2>log; expect "no command" 2 $?
"$heapwait" record --nonsense -- true 2>log; expect "no such option" 2 $?
"$heapwait" record -m nonsense -- true 2>log; expect "no such mode" 2 $?
"$heapwait" record -o file -- true 2>log; expect "a foreign file in the way" 125 $?
expect "it is left alone" text "$(cat file)"
"$heapwait" record -o /nonexistent/x.db -- true 2>log; expect "no such folder" 125 $?

# Two programs: each word's process is told by number and program, in the lines, in the recording and in explain; of
# one process nothing is said.
cp "$subject" other_program
# shellcheck disable=SC2016 # the inner shell expands
"$heapwait" record -o two.db -- sh -c '"$0" known >/dev/null & ./other_program known >/dev/null; wait' "$subject" 2>log
expect "two programs" 0 $?
"$heapwait" explain --all two.db >page
for program in "$(basename "$subject")" other_program; do
    tgid=$(sqlite3 -readonly two.db "SELECT tgid FROM process WHERE program = '$program'")
    expect "$program has its words" 1 "$(sqlite3 -readonly two.db "SELECT count(*) FROM lock WHERE name = 'known_word' AND
        tgid = $tgid")"
    holds "record names $program" log "$tgid $program"
    expect "explain names $program" 1 "$(grep -c "^$tgid  *$program " page)"
done
"$heapwait" record -o one.db -- "$subject" known 2>log >/dev/null
if grep -q '^process' log; then echo "FAILED: one process has a column"; failed=1; fi

# Each call is of the same kind in the answer and in explain's table.
"$heapwait" record -o pi.db -- "$scenarios" pi_requeue 5 2>log; expect "mutexes that lend their priority" 0 $?
"$heapwait" explain --all pi.db >page
expect "the answer: calls, slept" "11 5" "$("$heapwait" explain --json pi.db |
    sed -n 's/^.*"name": "scenario_words\[0\]", "is_malloc.*"calls": \([0-9]*\), "slept": \([0-9]*\),.*/\1 \2/p')"
expect "explain: EAGAIN, slept, empty, waking, other" "2 5 0 0 4" \
    "$(awk '$1 == "scenario_words[0]" && $3 == "no" { print $4, $5, $6, $7, $8 }' page)"

# What the command leaves at the recording's place: the command's own is left alone, the measurement is kept beside.
"$heapwait" record -o made.db -- sh -c 'echo mine >made.db; exit 3' 2>log; expect "a command that makes FILE" 125 $?
expect "it is left alone" mine "$(cat made.db)"
kept=$(sed -n "s/.*what was measured is kept in '\([^']*\)'.*/\1/p" log)
expect "and the measurement is kept" 3 "$(sqlite3 -readonly "$kept" 'SELECT exit_status FROM run')"
"$heapwait" record -o old.db -- true 2>log
"$heapwait" record -o old.db -- mkdir old.db.old 2>log; expect "a command that makes a folder FILE.old" 125 $?
kept=$(sed -n "s/.*what was measured is kept in '\([^']*\)'.*/\1/p" log)
expect "the measurement is kept" 0 "$(sqlite3 -readonly "$kept" 'SELECT exit_status FROM run')"
expect "and the one before" 1 "$(sqlite3 -readonly old.db 'SELECT count(*) FROM run')"
"$heapwait" record -o old.db -- touch ran 2>log; expect "a folder at FILE.old" 125 $?
[ -e ran ] && { echo "FAILED: the command was run"; failed=1; }

# A reference archive that is none is told before the command runs.
"$heapwait" record --libc file -o x.db -- touch ran 2>log; expect "no archive" 125 $?
holds "what is wrong with it" log "file is no archive"
"$heapwait" record --libc ./missing -o x.db -- touch ran 2>log; expect "no file" 125 $?
[ -e ran ] && { echo "FAILED: the command was run"; failed=1; }

# Without privilege: one line, 125, and the command is not run.
cp "$subject" subject && chmod 755 . subject
mkdir -m 777 open
setpriv --reuid 65534 --regid 65534 --clear-groups "$heapwait" record -o open/none.db -- touch ran 2>log
expect "without privilege" 125 $?
expect "one line" 1 "$(wc -l <log)"
holds "what is missing" log "CAP_BPF and CAP_PERFMON are missing"
holds "the remedy" log "setcap cap_bpf,cap_perfmon+ep"
if unshare -Ur true 2>/dev/null; then # root there, with all capabilities, of no use
    unshare -Ur "$heapwait" record -o none.db -- touch ran 2>log; expect "in a user namespace" 125 $?
    holds "the reason" log "this is a user namespace, whose root may not trace"
    unshare -Ur "$heapwait" doctor >log
    expect "doctor says it, too" 1 "$(grep -c '^MISSING *privilege *this is a user namespace' log)"
    expect "of no process" 1 "$(grep -c 'can be traced *no process' log)"
fi
[ -e ran ] && { echo "FAILED: the command was run"; failed=1; }

# With these two capabilities only, tracefs can't be read: the other way in gives the same counts.
if setpriv --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon true 2>/dev/null; then
    chmod 777 .
    setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon \
        "$heapwait" record -o caps.db -- ./subject known 2>log >/dev/null
    expect "with CAP_BPF and CAP_PERFMON" 0 $?
    expect "the same counts" "eagain 1009,slept 23,woke_none 211,woke_some 23" "$(sqlite3 caps.db \
        "SELECT group_concat(outcome || ' ' || calls, ',') FROM (SELECT outcome, calls FROM lock_outcome
         JOIN lock ON lock.id = lock_id WHERE name = 'known_word' ORDER BY outcome)")"
fi

# A signal ends the measuring, not the recording.
mkfifo ready
"$heapwait" record -o interrupted.db -- sh -c "echo > ready; exec sleep 30" 2>log &
read -r _ <ready
kill -TERM $! # a background job of sh ignores SIGINT, and so would the command
wait $!
expect "interrupted is marked" 1 "$(sqlite3 interrupted.db 'SELECT interrupted FROM run')"

# A heapwait that is killed takes nothing with it: the command goes on to its end, and nothing lies there.
mkfifo go went
mkdir killed
for mode in waits ledger; do
    # shellcheck disable=SC2016 # the inner shell expands
    "$heapwait" record -m $mode -o killed/killed.db -- sh -c 'echo > ready; read -r _ <go
        "$0" known >/dev/null && echo well >went' "$subject" 2>log &
    read -r _ <ready
    kill -KILL $!
    wait $!
    expect "killed by SIGKILL" 137 $?
    echo >go
    read -r end <went
    expect "the command of a killed heapwait ends" well "$end"
    expect "a killed heapwait leaves nothing" "" "$(ls -A killed)"
done

# One that goes on after SIGTERM is left behind: unknown is NULL, not 0.
# shellcheck disable=SC2016 # the inner shell expands
"$heapwait" record -o left.db -- sh -c 'trap "" TERM; echo $$ > ready; exec sleep 100' 2>log &
read -r left <ready
kill -TERM $!
wait $!
expect "left behind, as SIGTERM's" 143 $?
holds "it is told" log "process $left went on after SIGTERM"
kill -KILL "$left" || { echo "FAILED: it was not left behind"; failed=1; }
expect "what is not known" "1|1|0|8" "$(sqlite3 left.db "SELECT interrupted, wall_ns > 0, timed_out,
    (exit_status IS NULL) + (term_signal IS NULL) + (max_rss_bytes IS NULL) + (user_ns IS NULL) + (system_ns IS NULL)
    + (voluntary_switches IS NULL) + (involuntary_switches IS NULL) + (minor_faults IS NULL) FROM run")"
exit $failed
