#!/bin/sh
# A heapwait whose file has capabilities, called by a user who has none: it traces what he could trace himself, and
# refuses everything else.  $1: heapwait, $2: the subject.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1 subject=$2
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
[ "$(id -u)" -eq 0 ] || { echo "SKIPPED: only root can lend rights"; exit 77; }
command -v setcap >/dev/null || { echo "SKIPPED: no setcap (libcap2-bin)"; exit 77; }
folder=$(mktemp -d)
started=
# shellcheck disable=SC2086 # a list of numbers
trap 'kill -KILL $started 2>/dev/null; rm -rf "$folder"' EXIT
source=$(cd "$(dirname "$0")/../../.." && pwd)
cd "$folder" || exit 1
mkdir -p bin share/heapwait
cp "$heapwait" bin && cp -r "$source/analysis/schema.sql" "$source/analysis/views" share/heapwait
cp "$subject" subject && cp "$subject" raised && chown root raised && chmod u+s raised
cp "$subject" unreadable && cp "$(command -v sleep)" sleeper
chmod -R a+rX . && chmod u+s raised && chmod 711 unreadable sleeper
mkdir -m 777 open
heapwait=$folder/bin/heapwait
setcap cap_bpf,cap_perfmon+ep "$heapwait" || { echo "SKIPPED: no file capabilities in $folder"; exit 77; }
failed=0
unset HEAPWAIT_DATA

# By an exec more: setpriv itself still has root's rights at its own.
# shellcheck disable=SC2016 # the inner shell expands
as()
{
    who=$1
    shift
    exec setpriv --reuid "$who" --regid "$who" --clear-groups sh -c 'exec "$@"' sh "$@"
}
user()
{
    (as 65534 "$@")
}
calls()
{
    sqlite3 "$1" "SELECT group_concat(outcome || ' ' || calls, ',') FROM (SELECT outcome, calls FROM lock_outcome
        JOIN lock ON lock.id = lock_id WHERE name = 'known_word' ORDER BY outcome)"
}
lost()
{
    sqlite3 "$1" "SELECT count FROM loss WHERE reason LIKE 'programs not followed%'"
}
user "$heapwait" doctor >out
if ! grep -q '^ok  *privilege  *CAP_BPF and CAP_PERFMON' out; then
    grep -q nosuid "/proc/self/mounts" && { echo "SKIPPED: capabilities of files don't count here"; exit 77; }
    cat out; exit 1
fi
known="eagain 1009,slept 23,woke_none 211,woke_some 23"

# What is his.
for mode in waits ledger; do
    user "$heapwait" record -m $mode -o open/own.db -- ./subject known >out 2>log; expect "$mode: his own command" 0 $?
    expect "$mode: its calls" "$known" "$(calls open/own.db)"
    expect "$mode: nothing is left out" 0 "$(lost open/own.db)"
    # A program that gets other rights on its way is followed no longer, nor is what it starts; the others are.
    user "$heapwait" record -m $mode -o open/raised.db -- sh -c './raised known; ./unreadable wakes 5; ./subject known' \
        >out 2>log
    expect "$mode: a command with a program of other rights" 0 $?
    expect "$mode: the calls of the one that is his" "$known" "$(calls open/raised.db)"
    expect "$mode: the others are told" 2 "$(lost open/raised.db)"
    user "$heapwait" record -m $mode -o open/none.db -- ./raised known >out 2>log
    expect "$mode: a command of other rights" 0 $?
    expect "$mode: none of its calls" "0|1" \
        "$(sqlite3 open/none.db 'SELECT (SELECT count(*) FROM lock), count(*) FROM run')"
    expect "$mode: it is told" 1 "$(lost open/none.db)"
done
"$heapwait" record -o root.db -- ./raised known >out 2>log; expect "as root" 0 $?
expect "as root: all calls" "$known" "$(calls root.db)"
as 65534 sleep 100 & started="$started $!" own=$!
user "$heapwait" record -o open/p.db -p "$own" --duration 0.1 2>log; expect "a process of his" 0 $?
user "$heapwait" top -p "$own" -d 0.1 -n 1 >out 2>log; expect "top of a process of his" 0 $?

# What is not.
refused()
{
    name=$1
    shift
    rm -f open/*
    user "$@" >out 2>log; expect "$name" 125 $?
    expect "$name: one line" 1 "$(wc -l <log)"
    holds "$name" log "heapwait has its rights from its file (setcap)"
    expect "$name: nothing is recorded" "" "$(ls open)"
}
sleep 100 & started="$started $!" other=$!
refused "a process of root's" "$heapwait" record -o open/x.db -p $other --duration 0.1
refused "one of two" "$heapwait" record -o open/x.db -p "$own,$other" --duration 0.1
refused "top of a process of root's" "$heapwait" top -p $other -d 0.1 -n 1
refused "all processes" "$heapwait" record -o open/x.db -a --duration 0.1
refused "top" "$heapwait" top -d 0.1 -n 1
refused "a cgroup" "$heapwait" record -o open/x.db --cgroup /sys/fs/cgroup --duration 0.1
as 65534 ./sleeper 100 & started="$started $!" hidden=$!
until [ "$(readlink /proc/$hidden/exe)" = "$folder/sleeper" ]; do kill -0 $hidden || break; done
refused "his own, but not to be read" "$heapwait" record -o open/x.db -p $hidden --duration 0.1

# Whoever has the right himself, from somebody who may give it, is not bounded by it.
setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +perfmon \
    "$heapwait" record -o open/p.db -p $other --duration 0.1 2>log
expect "a right of his own" 0 $?

# Who may call it is told (in lines of any width); and a set-user-ID heapwait doesn't run at all.
user "$heapwait" doctor | tr -s " \n" " " >out
holds "everybody may call it" out "which every user may run"
holds "the remedy" out "sudo chmod 0750"
chgrp 65534 "$heapwait" && chmod 0750 "$heapwait" && setcap cap_bpf,cap_perfmon+ep "$heapwait"
user "$heapwait" doctor | tr -s " \n" " " >out
holds "a group may call it" out "which its group may run"
user "$heapwait" record -o open/own.db -- ./subject known >out 2>log; expect "a member of the group" 0 $?
(as 65533 "$heapwait" record -o open/own.db -- true) 2>log
expect "nobody else" 126 $?
setcap -r "$heapwait" && chmod 4755 "$heapwait"
user "$heapwait" --version 2>log; expect "set-user-ID" 125 $?
holds "set-user-ID" log "chmod u-s"
exit $failed
