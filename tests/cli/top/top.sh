#!/bin/sh
# heapwait top in plain lines: known counts, what ends it, what it refuses.  $1: heapwait, $2: top_subject.
set -u
heapwait=$1 subject=$2
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'kill $(cat "$folder"/*.pid 2>/dev/null) 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

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
# The sum of a column over all rows of process PID in FILE; numbers have narrow spaces between their groups.
sum()
{
    sed 's/\xe2\x80\xaf//g; s/\xc2\xa0/_/g' "$1" | awk -v pid="$2" -v column="$3" '
        $1 == "pid" { for (i = 1; i <= NF; i++) if ($i == "malloc") two = i }
        $1 == pid { sum += $(NF - column) } END { print sum + 0 }'
}

# Whoever is followed by number stands there, with zeros when it made no call; the counts are exact.
mkfifo in made page.fifo
"$subject" <in >made &
pid=$!
echo $pid >subject.pid
exec 3>in 4<made
"$heapwait" top -p $pid -d 0.2 >page.fifo 2>log 3>&- 4<&- &
top=$!
: >page
looks=0 told=0
while read -r line; do
    echo "$line" >>page
    case $line in
    *"futex calls for malloc's locks in"*) looks=$((looks + 1)) ;;
    esac
    if [ $looks = 2 ] && [ $told = 0 ]; then # one look is over: it follows
        told=1
        echo go >&3
        read -r _ <&4
        exec 3>&- # and the subject ends, and top with it
    fi
done <page.fifo
wait $top
expect "it ends with what it follows" 0 $?
grep -q "the processes have ended" log || { fail "it isn't said why"; cat log; }
# Columns from the right: of it, CPU, waiting, other, waking, empty, EAGAIN, slept.
expect "EAGAIN, to the call" 1009 "$(sum page $pid 6)"
expect "empty wakes, to the call" 211 "$(sum page $pid 5)"
expect "nobody slept" 0 "$(sum page $pid 7)"
grep -q "oldmalloc *mal " page || { fail "the lock has no name"; cat page; }
grep -q "^calls for other words: 17" page || { fail "the other word's calls"; cat page; }
grep -q "lost: nothing" page || fail "losses are told"
expect "no look without the process" 0 "$(awk -v pid=$pid '/in .*lost/ { looks++ } $1 == pid { rows++ } END { print (looks - rows > 1) }' page)"
exec 4<&-

# Two looks, two blocks.
sleep 1000 & # something to look at
echo $! >sleeper.pid
"$heapwait" top -n 2 -d 0.1 -p "$(cat sleeper.pid)" >page 2>log
expect "-n 2" 0 $?
expect "two blocks" 2 "$(grep -c "futex calls for malloc's locks in" page)"
expect "zero is measured, and none" 2 "$(grep -c "^ *$(cat sleeper.pid) .* 0 " page)"

# The whole machine: a process that goes on calling is found, by its lock.
mkfifo again
"$subject" <again >/dev/null &
pid=$!
echo $pid >subject.pid
"$heapwait" top -d 0.2 >page.fifo 2>log &
top=$!
echo $top >top.pid
exec 3>again
found=0
while read -r line; do
    case $line in
    *"futex calls for malloc's locks in"*) echo go >&3 ;;
    *"$pid "*"mal "*) found=1 && kill -TERM $top ;;
    esac
done <page.fifo
wait $top
expect "a signal ends it well" 0 $?
expect "found among all" 1 $found
exec 3>&-

# What is refused.
"$heapwait" top -n 1 -p 999999999 2>log >page; expect "no such process" 125 $?
grep -q "there is no process 999999999" log || { fail "it isn't said"; cat log; }
for wrong in "-p x" "-p 0" "-p 1,,2" "-d 0" "-d x" "-n 0" "-n x" "--nonsense" "word" "-p"; do
    # shellcheck disable=SC2086 # words
    "$heapwait" top $wrong 2>log >page; expect "top $wrong" 2 $?
    expect "one line" 1 "$(wc -l <log)"
done
"$heapwait" top -n 1 -d 0.1 >/dev/full 2>log; expect "nobody can write there" 125 $?
grep -q "can't write to standard output" log || fail "it isn't said"
if [ "$(id -u)" = 0 ]; then
    cp "$heapwait" heapwait && chmod -R a+rX .
    setpriv --reuid 65534 --regid 65534 --clear-groups ./heapwait top -n 1 2>log >page
    expect "without privilege" 125 $?
    grep -q "setcap cap_bpf,cap_perfmon+ep" log || { fail "the remedy"; cat log; }
fi
exit $failed
