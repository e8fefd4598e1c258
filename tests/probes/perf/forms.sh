#!/bin/sh
# The forms in which people have their perf sessions, each made here and now by the installed perf, and imported: what import
# counts is what perf script's own text has.  Every sample is accounted for, from outside: samples of the clock, beginnings
# and ends of futex calls, calls by word.  A form that perf refuses here is told, with what it says.
# $1: heapwait, $2: the subject.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1 subject=$2
"$heapwait" doctor --perf >/dev/null || { echo "SKIPPED: perf can't record here: see heapwait doctor --perf"; exit 77; }
folder=$(mktemp -d)
running=
trap '[ -z "$running" ] || kill "$running" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder" || exit 1
cp "$subject" "forms.$$" && subject=$folder/forms.$$ # a name that no other test's program has: sessions of the machine see those, too
failed=0
calls='-e syscalls:sys_enter_futex -e syscalls:sys_exit_futex -e sched:sched_waking --switch-events'
known="wait eagain 1009,wait slept 23,wake woke_none 211,wake woke_some 23"

query()
{
    sqlite3 -separator ' ' "$1.db" "$2" | tr '\n' ',' | sed 's/,$//'
}
loss()
{
    query "$1" "SELECT coalesce(sum(count), 0) FROM loss WHERE reason LIKE '$2'"
}
# What perf script itself prints of the files: by_event has the events by name, without those of the idle task; by_word the
# calls that begin, by word.  A record that perf wrote twice is one.
script_counts()
{
    for file; do
        perf script -f -i "$file" --ns -F pid,tid,time,event,trace 2>/dev/null | grep . ||
            perf script -f -i "$file" -F pid,tid,event,trace 2>/dev/null # of a session without times
    done | awk '
        $1 + 0 > 0 {
            timed = $2 ~ /^[0-9]+[.][0-9]+:$/
            if (timed && last[$1] == $0) next
            last[$1] = $0
            name = timed ? $3 : $2
            sub(/:$/, "", name)
            sub(/:[a-zA-Z]$/, "", name) # a modifier
            events[name]++
            if (name == "syscalls:sys_enter_futex" && match($0, /uaddr[:=] ?0x[0-9a-f]+/)) {
                word = substr($0, RSTART, RLENGTH)
                sub(/.*0x0*/, "", word)
                words[word]++
            }
        }
        END {
            for (name in events) print name, events[name] >"by_event"
            for (word in words) print word, words[word] >"by_word"
        }'
    touch by_event by_word
    sort -o by_word by_word
}
event_count()
{
    awk -v name="$1" '$1 == name { n = $2 } END { print n + 0 }' by_event
}

# accounted NAME FILE...: what was read is in the recording, all of it, and nothing else.
accounted()
{
    name=$1
    shift
    "$heapwait" import -o "$name.db" "$@" >/dev/null 2>"$name.import"
    status=$?
    expect "$name: import" 0 $status
    [ "$status" = 0 ] || { cat "$name.import"; return; }
    rm -f by_event by_word
    script_counts "$@"
    clocks=$(event_count cpu-clock)
    begins=$(event_count syscalls:sys_enter_futex)
    ends=$(event_count syscalls:sys_exit_futex)
    expect "$name: samples of the clock" "$clocks" "$(query "$name" "SELECT coalesce(sum(samples), 0) FROM sample")"
    expect "$name: no line is strange" 0 "$(loss "$name" 'lines of perf script%')"
    [ "$(query "$name" "SELECT probes FROM run")" = waits ] || return
    once=$(query "$name" "SELECT coalesce(sum(calls), 0) FROM lock_outcome WHERE outcome = 'unfinished'")
    twice=$(query "$name" "SELECT coalesce(sum(calls), 0) FROM lock_outcome WHERE outcome <> 'unfinished'")
    outside=$(query "$name" "SELECT coalesce(max(value), 0) FROM host WHERE key = 'perf_calls_outside'")
    alone=$(($(loss "$name" 'ends of futex calls%') + $(loss "$name" 'beginnings of futex calls%')))
    expect "$name: each end of each call" $((begins + ends)) $((2 * twice + once + outside + alone))
    if [ $((outside + alone)) = 0 ]; then
        sqlite3 -separator ' ' "$name.db" "SELECT printf('%x', address), sum(calls) FROM lock JOIN lock_outcome ON lock_id = id
            GROUP BY address" | sort >counted
        diff by_word counted >difference || { echo "FAILED: $name: calls by word:"; head -n 5 difference; failed=1; }
    fi
}
# whole NAME: the subject's calls are there, each once, and nothing is lost.
whole()
{
    expect "$1: the subject's calls" "$known" "$(query "$1" "SELECT op, outcome, sum(calls) FROM lock JOIN lock_outcome ON
        lock_id = id WHERE name = 'known_word' GROUP BY op, outcome ORDER BY op, outcome")"
    expect "$1: nothing is lost" "" "$(query "$1" "SELECT reason, count FROM loss WHERE count > 0")"
    expect "$1: and nothing outside" "" "$(query "$1" "SELECT value FROM host WHERE key = 'perf_calls_outside'")"
}
# Somebody's BPF program sits on the same tracepoints: what it hides from perf is no fault of the import.
rivals()
{
    "$heapwait" doctor --perf | grep -q '^limited: BPF'
}
# recorded NAME ARGUMENT...: perf record makes NAME.data, once more while there are rivals; or why not is told.
recorded()
{
    name=$1
    shift
    for _ in 1 2 3 4 5; do
        rivals
        before=$?
        rm -rf "$name".data*
        perf record -q -o "$name.data" "$@" >out 2>log
        status=$?
        [ "$status" = 0 ] || break
        { [ "$before" = 0 ] || rivals; } || return 0
    done
    if [ "$status" = 0 ]; then
        echo "skipped: $name: BPF programs of others sit on the futex tracepoints all the time, and hide calls from perf"
        return 1
    fi
    echo "skipped: $name: perf refuses: $(grep . log | tail -n 1 | grep . || echo "it doesn't say why")"
    return 1
}
# form NAME ARGUMENT...: of one command, whole.
form()
{
    recorded "$@" && accounted "$1" "$1.data" && whole "$1"
}

# shellcheck disable=SC2086 # $calls is made of words
{
    form plain -e cpu-clock $calls -- "$subject" known
    form packed -z -e cpu-clock $calls -- "$subject" known
    form threads --threads -e cpu-clock $calls -- "$subject" known
    form kcore --kcore -e cpu-clock $calls -- "$subject" known
    form namespaces --namespaces -e cpu-clock $calls -- "$subject" known
    if unshare -pf --mount-proc true 2>/dev/null; then
        form inside_namespaces --namespaces -e cpu-clock $calls -- unshare -pf --mount-proc "$subject" known
    else
        echo "skipped: inside_namespaces: no right to make them"
    fi
    form tail --tail-synthesize -e cpu-clock $calls -- "$subject" known
    form overwrite --overwrite -m 8M -e cpu-clock $calls -- "$subject" known
    form paths -g -e cpu-clock $calls -- "$subject" known
    form stacks --call-graph dwarf,4096 -m 16M -e cpu-clock $calls -- "$subject" known
    form build_ids --buildid-mmap -e cpu-clock $calls -- "$subject" known
    form modifiers -e cpu-clock:u -e syscalls:sys_enter_futex:k -e syscalls:sys_exit_futex:k -e sched:sched_waking --switch-events \
        -- "$subject" known
    form group -e cpu-clock -e '{syscalls:sys_enter_futex,syscalls:sys_exit_futex,sched:sched_waking}' --switch-events \
        -- "$subject" known
    for clock in CLOCK_MONOTONIC CLOCK_MONOTONIC_RAW CLOCK_BOOTTIME CLOCK_REALTIME CLOCK_TAI; do
        form $clock -k $clock -e cpu-clock $calls -- "$subject" known
    done
    # Waits that end by timeouts, signals and errors: expected, and no loss.
    recorded kinds -e cpu-clock $calls -- "$subject" kinds && accounted kinds kinds.data
    [ ! -e kinds.db ] || expect "kinds: nothing is lost" "" "$(query kinds "SELECT reason, count FROM loss WHERE count > 0")"
    # Without the scheduler's events.
    recorded calls_alone -e syscalls:sys_enter_futex -e syscalls:sys_exit_futex -- "$subject" known && {
        accounted calls_alone calls_alone.data
        whole calls_alone
    }
    # Not all of the command: its first thread alone; from a millisecond on; its counts with the clock's samples.
    recorded own_thread --per-thread -T -e cpu-clock $calls -- "$subject" known && accounted own_thread own_thread.data
    if [ -e own_thread.db ]; then
        holds "own_thread: it is said" own_thread.import "threads and children that began after the session did are not in it"
        expect "own_thread: no thread is said to run" 0 "$(loss own_thread 'threads still%')"
    fi
    recorded timeless --per-thread -e cpu-clock $calls -- "$subject" known && accounted timeless timeless.data
    if [ -e timeless.db ]; then
        holds "timeless: it is said" timeless.import "record with -T"
        expect "timeless: the rest is a loss" "$(awk '$1 != "cpu-clock" { n += $2 } END { print n + 0 }' by_event)" \
            "$(query timeless "SELECT count FROM loss WHERE reason LIKE 'system calls and switches%'")"
    fi
    recorded delayed -D 1 -e cpu-clock $calls -- "$subject" known && accounted delayed delayed.data
    recorded counted -e '{cpu-clock,syscalls:sys_enter_futex,syscalls:sys_exit_futex}:S' -- "$subject" known &&
        accounted counted counted.data
    # The whole machine: who else runs on is not asked for.
    recorded machine -a -m 4M -e cpu-clock $calls -- "$subject" known && {
        accounted machine machine.data
        if [ "$(loss machine 'records that perf lost')" = 0 ]; then # else calls and exits may be missing
            expect "machine: the subject's calls" "$known" "$(query machine "SELECT op, outcome, sum(calls) FROM lock JOIN lock_outcome ON
                lock_id = id WHERE name = 'known_word' GROUP BY op, outcome ORDER BY op, outcome")"
            expect "machine: no thread of others is told" 0 "$(loss machine 'threads still%')"
        fi
    }
    # A process that runs already, and goes on: what the session's edges cut is no loss.
    "$subject" wakes 2000000000 &
    running=$!
    recorded attached -m 16M -p $running $calls -- true && accounted attached attached.data
    recorded attached_group -m 16M -p $running -e '{syscalls:sys_enter_futex,syscalls:sys_exit_futex}' -- true &&
        accounted attached_group attached_group.data
    kill $running
    running=
    for name in attached attached_group; do
        [ -e $name.db ] || continue
        [ "$(loss $name 'records that perf lost')" != 0 ] || # then more is missing
            expect "$name: no call is lost" 0 $(($(loss $name 'ends of futex calls%') + $(loss $name 'beginnings of futex%')))
    done
    # One switch for all of a group: its one thread can be inside one call when perf comes.
    [ ! -e attached_group.db ] || expect "attached_group: at most one call outside" 1 \
        "$(query attached_group "SELECT coalesce(max(value), 0) <= 1 FROM host WHERE key = 'perf_calls_outside'")"
    # Through a pipe; changed by perf inject; as text; packed; in pieces.
    perf record -q -o - -e cpu-clock $calls -- "$subject" known 2>log >through.data && { accounted through through.data; }
    perf inject -b -i plain.data -o injected.data 2>log && { accounted injected injected.data; whole injected; }
    recorded pieces --switch-output=100K -m 4M -e cpu-clock $calls -- "$subject" many 4000 && {
        accounted pieces pieces.data.*
        expect "pieces: the subject's words" "4000 8000" "$(query pieces "SELECT count(DISTINCT address), sum(calls) FROM lock
            JOIN lock_outcome ON lock_id = id WHERE name LIKE 'many_words%'")"
    }
    # What other commands of perf record.
    perf trace record -o traced.data -- "$subject" known >out 2>log || echo "skipped: perf trace record: $(tail -n 1 log)"
}
[ -e plain.db ] || { echo "not tried: text, standard input, perf trace record"; exit $failed; }
for misc in 'misc,' ''; do # as import's help says, and without what is not needed
    perf script -f -i plain.data --header --ns -F "pid,tid,${misc}time,event,ip,sym,dso,trace" --show-mmap-events --show-task-events \
        --show-switch-events --show-lost-events >plain.txt 2>/dev/null
    "$heapwait" import -o text.db plain.txt 2>log; expect "text: import" 0 $?
    whole text
    for column in samples class; do
        expect "text: the same samples" "$(query plain "SELECT $column FROM sample ORDER BY $column")" \
            "$(query text "SELECT $column FROM sample ORDER BY $column")"
    done
done
gzip -c plain.data >plain.gz
"$heapwait" import -o standard.db - <plain.gz 2>log; expect "standard input: import" 0 $?
whole standard
if [ -s traced.data ]; then
    "$heapwait" import -o traced.db traced.data 2>log; expect "perf trace record: import" 0 $?
    whole traced
fi
for command in sched lock; do # which see no futex call
    perf $command record -o $command.data -- "$subject" known >out 2>log || { echo "skipped: perf $command record"; continue; }
    "$heapwait" import -o $command.db $command.data 2>log; expect "perf $command record: import" 1 $?
    holds "perf $command record: the remedy" log "heapwait doctor --perf"
done
exit $failed
