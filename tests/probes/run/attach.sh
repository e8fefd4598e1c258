#!/bin/sh
# Attaching as a user does it: heapwait killed in the middle leaves nothing behind and the program as it was; pid
# namespaces; -u; and what wrong input gets.  Two FIFOs tell the program what to do, heapwait's own words say when it
# has begun.  $1: heapwait, $2: attach_subject, $3: bpftool.
set -u
heapwait=$1 subject=$2 bpftool=$3
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
[ "$(id -u)" -eq 0 ] || { echo "SKIPPED: only root makes namespaces and becomes somebody else"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
source=$(cd "$(dirname "$0")/../../.." && pwd)
cd "$folder" || exit 1
failed=0

fail()
{
    echo "FAILED: $1"
    failed=1
}
expect() # what expected found
{
    [ "$2" = "$3" ] || fail "$1: '$3' instead of '$2'"
}

# ---- a subject at the end of two FIFOs: 8 to it, 9 from it ----
subject_start() # [command before it...]
{
    rm -f to from
    mkfifo to from
    "$@" "$subject" <to >from &
    started=$!
    exec 8>to 9<from
    read -r own <&9 # its number, as it knows it
}
tell()
{
    echo "$*" >&8
    read -r answer <&9
    [ "$answer" = ok ] || fail "the subject answered '$answer'"
}
subject_end() # expected status
{
    echo "exit $1" >&8
    wait "$started"
    expect "the subject's own exit status" "$1" "$?"
    exec 8>&- 9<&-
}

# Starts heapwait, and comes back when it has attached.
attach() # [option...]
{
    rm -f said
    mkfifo said
    "$heapwait" record -o out.db "$@" 2>said &
    heapwait_pid=$!
    exec 7<said
    attached=
    while read -r line <&7; do
        echo "$line" >>log
        case $line in *'attached to'*) attached=1 && break ;; esac
    done
    [ "$attached" ] || fail "heapwait record $* didn't attach: $(cat log)"
}
attach_end() # [signal]
{
    [ $# -eq 0 ] || kill "-$1" "$heapwait_pid"
    cat <&7 >>log
    exec 7<&-
    wait "$heapwait_pid"
    status=$?
}
count() # outcome, of known_word
{
    sqlite3 -readonly out.db "SELECT coalesce(sum(calls), 0) FROM lock JOIN lock_outcome ON lock_id = lock.id
        WHERE name = '$1' AND outcome = '$2'"
}

# ---- ended by a signal: kept, and no failure ----
for signal in INT TERM; do
    subject_start
    attach -p "$own"
    tell wake 12
    attach_end $signal
    expect "exit status after SIG$signal" 0 $status
    expect "calls until SIG$signal" 12 "$(count known_word woke_none)"
    expect "the run" "0|||$subject" \
        "$(sqlite3 -readonly out.db 'SELECT interrupted, exit_status, failure, command FROM run')"
    expect "the time" 1 "$(sqlite3 -readonly out.db 'SELECT wall_ns > 0 AND max_rss_bytes IS NULL FROM run')"
    subject_end 3
done
"$heapwait" explain --all out.db | grep -q 'was measured for' || fail "explain says something else of an attached run"

# ---- -p twice, and one number twice ----
subject_start
attach -p "$own" -p "$own,$own" --duration 0.001
attach_end
expect "exit status" 0 $status
expect "the command" "$subject" "$(sqlite3 -readonly out.db 'SELECT command FROM run')"
subject_end 0

# ---- killed in the middle ----
# What the kernel has of this heapwait, by the numbers of the programs, maps and links that its descriptors name.
ours()
{
    cat "/proc/$heapwait_pid/fdinfo/"* 2>/dev/null | sed -n 's/^\(prog\|map\|link\)_id:[[:space:]]*/\1 /p' | sort -u
}
left() # how many of them there still are
{
    n=0
    while read -r kind id; do
        "$bpftool" "$kind" show id "$id" >/dev/null 2>&1 && n=$((n + 1))
    done <kernel
    echo $n
}
subject_start
tell start
tell park 0
for mode in waits ledger; do
    rm -f out.db
    attach -m $mode -p "$own"
    tell wake 5
    ours >kernel
    for kind in prog map link; do
        grep -q "^$kind " kernel || fail "no $kind of heapwait's is to be seen: this proves nothing"
    done
    expect "of these are in the kernel" "$(wc -l <kernel)" "$(left)"
    kill -KILL "$heapwait_pid"
    tell wake 5 # the program goes on
    tell old 5
    cat <&7 >>log
    exec 7<&-
    wait "$heapwait_pid"
    expect "exit status after SIGKILL" 137 $?
    [ ! -e out.db ] || fail "a killed heapwait left a recording"
    tries=0
    while [ "$(left)" -ne 0 ] && [ $tries -lt 2000 ]; do # the kernel lets a grace period pass: long, where much runs
        tries=$((tries + 1))
    done
    expect "of heapwait's in the kernel after SIGKILL ($mode)" 0 "$(left)"
done
attach -p "$own" # and again
tell wake 7
tell unpark
attach_end INT
expect "calls of the attach after SIGKILL" 7 "$(count known_word woke_none)"
expect "a wait that had begun before" 1 "$(count parked_word under_way)"
expect "lost" 0 "$(sqlite3 -readonly out.db "SELECT sum(count) FROM loss WHERE reason NOT LIKE 'task switches%'")"
subject_end 42

# ---- pid namespaces ----
subject_start unshare --pid --fork --mount-proc
outer=$(pgrep -P "$started")
[ "$outer" != "$own" ] || fail "there is no namespace: this proves nothing"
attach -p "$outer"
tell wake 9
attach_end INT
expect "calls of a process in another namespace" 9 "$(count known_word woke_none)"
expect "its number" "$outer" "$(sqlite3 -readonly out.db "SELECT DISTINCT tgid FROM lock WHERE name = 'known_word'")"
exec 6<&8
echo "exit 4" >&8
wait "$started"
expect "its exit status" 4 $?
exec 6<&- 8>&- 9<&-

# Number 1 is a process like any other: heapwait enters a namespace whose first process is the subject.
subject_start unshare --pid --fork --mount-proc
outer=$(pgrep -P "$started")
expect "the subject's number in its namespace" 1 "$own"
cat >there <<EOF
#!/bin/sh
exec nsenter -t $outer -p -m sh -c 'cd "\$0" && exec "\$@"' "$folder" "$heapwait" "\$@"
EOF
chmod +x there
outside=$heapwait heapwait=./there
attach -p 1
tell wake 8
kill -INT "$(pgrep -P "$heapwait_pid")" # nsenter waits for it
attach_end
expect "exit status of a look at number 1" 0 $status
expect "calls of number 1" 8 "$(count known_word woke_none)"
expect "its number" 1 "$(sqlite3 -readonly out.db "SELECT DISTINCT tgid FROM lock WHERE name = 'known_word'")"
heapwait=$outside
echo "exit 0" >&8
wait "$started"
exec 8>&- 9<&-

# And here, whoever it is: followed, or refused by what the kernel says of it.
rm -f first.db
"$heapwait" record -o first.db -p 1 --duration 0.001 >/dev/null 2>first.err
status=$?
if [ $status -eq 0 ]; then
    [ -e first.db ] || fail "process 1 was followed, and there is no recording"
else
    expect "exit status of a refused process 1" 125 $status
    grep -q "process 1 can't be followed" first.err || fail "process 1: $(cat first.err)"
fi
if [ -n "$(tr -d '\0' </proc/1/cmdline)" ] && grep -q "the kernel's own" first.err; then
    fail "process 1 has a command line and is told to be the kernel's: $(cat first.err)"
fi

# Its innermost number, where that is nobody's here: number 1 is somebody's everywhere, so a child of the namespace's
# init with a number that is free here.
cat >inner.sh <<'EOF'
echo "$1" >/proc/sys/kernel/ns_last_pid
exec 3<&0
"$2" <&3 &
wait $!
EOF
free=$(($(cat /proc/sys/kernel/pid_max) - 10))
while [ -e /proc/$((free + 1)) ] || [ -e /proc/$((free + 2)) ]; do free=$((free - 10)); done
if unshare --pid --fork --mount-proc sh -c "echo $free >/proc/sys/kernel/ns_last_pid" 2>/dev/null; then
    subject_start unshare --pid --fork --mount-proc sh ./inner.sh "$free"
    attach -p "$own"
    tell wake 6
    attach_end INT
    grep -q "process $own of another pid namespace is" log || fail "the other number isn't said"
    expect "calls by the innermost number" 6 "$(count known_word woke_none)"
    echo "exit 0" >&8
    wait "$started"
    exec 8>&- 9<&-
else
    echo "SKIPPED: numbers of processes can't be chosen here (innermost numbers)"
fi

# heapwait in a namespace of its own.
cat >inside.sh <<'EOF'
mkfifo in out
"$1" <in >out &
exec 8>in 9<out
read -r own <&9
"$2" record -o inside.db -p "$own" --duration 0.001 2>said2
echo $? "$own" "$(sqlite3 -readonly inside.db 'SELECT command FROM run')"
echo 'exit 0' >&8
wait
EOF
expect "heapwait within a namespace" "0 $subject" \
    "$(unshare --pid --fork --mount-proc sh ./inside.sh "$subject" "$heapwait" | sed 's/^0 [0-9]* /0 /')"

# ---- as somebody else ----
# shellcheck disable=SC2016
expect "-u nobody" "nobody nogroup nobody nobody" "$("$heapwait" record -o user.db -u nobody -- sh -c \
    'echo $(id -un) $(id -gn) $USER $LOGNAME' 2>/dev/null)"
expect "-u by number" 65534 "$("$heapwait" record -o user.db -u 65534 -- id -u 2>/dev/null)"

# ---- what wrong input gets: the exit status, one line that says it, and no recording ----
refused() # status, words of the line, option...
{
    wanted=$1 words=$2
    shift 2
    rm -f none.db
    "$heapwait" record -o none.db "$@" >refused.out 2>refused.err
    expect "exit status of record $*" "$wanted" $?
    expect "lines that record $* says" 1 "$(wc -l <refused.err)"
    grep -q -- "$words" refused.err || fail "record $* says: $(cat refused.err)"
    [ ! -e none.db ] || fail "record $* left a recording"
}
sleep 0 &
gone=$!
wait $gone
refused 125 "there is no process $gone" -p $gone
refused 125 "it may have ended" -p $gone,$$
refused 125 "there is no user 'nobody-of-this-name'" -u nobody-of-this-name -- true
refused 125 "not a folder of cgroup v2" --cgroup /tmp --duration 1
refused 125 "can't open the cgroup" --cgroup "$folder/none" --duration 1
refused 2 "process numbers" -p abc
refused 2 "process numbers" -p 0
refused 2 "process numbers" -p 12,
refused 2 "process numbers" -p -5
refused 2 "only one can be given" -p $$ -a
refused 2 "only one can be given" -a --cgroup /
refused 2 "goes with no command" -p $$ -- true
refused 2 "nothing to attach to"
refused 2 "seconds above 0" -a --duration 0
refused 2 "seconds above 0" -a --duration -1
refused 2 "seconds above 0" -a --duration nan
refused 2 "seconds above 0" -a --duration 1x
refused 2 "without a command" -a --duration 1 -- true
refused 2 "there is none" -u nobody -a
refused 126 "can't execute" -u nobody -- /etc/shadow
if [ -d /proc/2 ] && [ -z "$(tr -d '\0' </proc/2/cmdline)" ]; then
    refused 125 "the kernel's own" -p 2
fi
subject_start
tell start
thread=$(find "/proc/$own/task" -mindepth 1 -maxdepth 1 ! -name "$own" -printf '%f\n')
refused 125 "is a thread of process $own" -p "$thread"
cp "$heapwait" free && cp "$source/analysis/schema.sql" . && chmod -R a+rX . && mkdir -m 777 open
if setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all env HEAPWAIT_DATA="$folder" ./free record \
    -o open/none.db -p "$own" 2>refused.err; then
    fail "nobody can trace"
else
    expect "exit status without permission" 125 $?
    grep -q 'remedy' refused.err || fail "without permission: $(cat refused.err)"
fi
subject_end 0
exit $failed
