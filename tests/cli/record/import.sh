#!/bin/sh
# heapwait import as its user meets it, with a perf that says what this script wants: known answers, bad input, a full
# disk, an interruption.  Needs neither perf nor privilege.  $1: heapwait.
# shellcheck disable=SC2016 # what is written for the false perf expands there
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1
folder=$(mktemp -d)
mounted=
trap '[ -z "$mounted" ] || umount "$mounted"; rm -rf "$folder"' EXIT
source=$(cd "$(dirname "$0")/../../.." && pwd)
cd "$folder" || exit 1
mkdir data bin && cp -r "$source/analysis/schema.sql" "$source/analysis/views" data
HEAPWAIT_DATA=$folder/data PATH=$folder/bin:$PATH FOLDER=$folder
export HEAPWAIT_DATA PATH FOLDER
failed=0

# one_line NAME: what failed says so in one line, and leaves nothing behind
one_line()
{
    expect "$1: one line" 1 "$(wc -l <log)"
    for left in bad.db*; do
        [ ! -e "$left" ] || { echo "FAILED: $1: $left is left"; failed=1; }
    done
}
query()
{
    sqlite3 -separator ' ' "$1" "$2" | tr '\n' ',' | sed 's/,$//'
}

# A session that went through a pipe is the shortest head there is: the magic and its own size, 16.
printf 'PERFILE2\020\000\000\000\000\000\000\000' >session.data
cat >bin/perf <<'PERF'
#!/bin/sh
# "perf script --header..." tells the facts, "perf buildid-list" nothing, "perf script ..." the events.
case "$1 $2 $3" in
"buildid-list "*) exit 0 ;;
"script -f --header") cat "$FOLDER/facts" ;;
"script -f -i") . "$FOLDER/behaviour" ;;
*) echo "perf: unexpected: $*" >&2; exit 99 ;;
esac
PERF
chmod +x bin/perf
cat >facts.full <<'FACTS'
# ========
# hostname : nowhere.example
# os release : 6.1.0
# perf version : 6.1.1
# arch : x86_64
# nrcpus online : 8
# cpudesc : A CPU
# total memory : 1000 kB
# cmdline : /usr/bin/perf record -o x -- /opt/app --threads 2 
# event : name = cpu-clock, , id = { 1 }, type = 1, sample_type = IP|TID|TIME|CALLCHAIN, context_switch = 1
# event : name = syscalls:sys_enter_futex, , id = { 2 }, type = 2, sample_type = IP|TID|TIME|CALLCHAIN|RAW
# event : name = syscalls:sys_exit_futex, , id = { 3 }, type = 2, sample_type = IP|TID|TIME|RAW
# event : name = sched:sched_waking, , id = { 4 }, type = 2, sample_type = IP|TID|TIME|RAW
# time of first sample : 10.000000
# time of last sample : 10.001000
# reference time: 2025-01-02 03:04:05.5 = 1735787045.5 (TOD) = 9.0 (monotonic)
# ========
FACTS
cat >events <<'EVENTS'
    0/0         0.000000000: PERF_RECORD_COMM: perf-exec:20/20
   20/20        10.000000000: PERF_RECORD_COMM exec: app:20/20
   20/20        10.000000100: PERF_RECORD_MMAP2 20/20: [0x401000(0xa000) @ 0x1000 fe:00 53 26]: r-xp /opt/app
   20/20        10.000000200: PERF_RECORD_FORK(20:21):(20:20)
   20/20        10.000001000: syscalls:sys_enter_futex: uaddr: 0x004106a0, op: 0x00000080, val: 0x2, utime: 0x0
	            7f43 __lock (/opt/app)

   20/20        10.000001100: PERF_RECORD_SWITCH OUT
   20/21        10.000001200: syscalls:sys_enter_futex: uaddr: 0x004106a0, op: 0x00000081, val: 0x1, utime: 0x0
   20/21        10.000001300: sched:sched_waking: comm=app pid=20 prio=120 target_cpu=001
   20/21        10.000001400: syscalls:sys_exit_futex: 0x1
   20/20        10.000001600: PERF_RECORD_SWITCH IN
   20/20        10.000001700: syscalls:sys_exit_futex: 0x0
   20/20        10.000001800: syscalls:sys_enter_futex: uaddr: 0x004106a0, op: 0x00000080, val: 0x2, utime: 0x0
   20/20        10.000001820: syscalls:sys_exit_futex: 0xfffffffffffffff5
   20/20        10.000001900: cpu-clock:
	            7f43 __lock (/opt/app)
	            7f99 malloc (/opt/app)
	ffffffffdeadbeef [unknown] ([unknown])

   20/20        10.000001950: PERF_RECORD_LOST lost 3
   20/21        10.000002000: PERF_RECORD_EXIT(20:21):(20:20)
   20/20        10.000003000: PERF_RECORD_EXIT(20:20):(19:19)
EVENTS
echo 'cat "$FOLDER/events"' >behaviour.whole
cp behaviour.whole behaviour && cp facts.full facts

"$heapwait" import -o good.db session.data 2>log; expect "a good session" 0 $?
holds "losses first" log "LOST: 3 records that perf lost"
holds "files that are not here" log "no names of /opt/app: it is not here"
expect "counts and times" "wait eagain 1 20 20 0 0 ,wait slept 1 700 200 200 300 ,wake woke_some 1 200 200 0 0 1" \
    "$(query good.db "SELECT op, outcome, calls, total_ns, oncpu_ns, blocked_ns, runnable_ns, woken FROM lock_outcome")"
expect "the word" "20 unnamed word at 0x4106a0 ?" "$(query good.db "SELECT tgid, name, coalesce(is_malloc, '?') FROM lock")"
expect "the run" "/opt/app --threads 2 waits perf 3000 2025-01-02T03:04:05Z" \
    "$(query good.db "SELECT command, probes, collector, wall_ns, started_at FROM run")"
expect "what no session tells" 1 "$(query good.db "SELECT exit_status IS NULL AND term_signal IS NULL AND
    max_rss_bytes IS NULL AND user_ns IS NULL AND minor_faults IS NULL AND load_average IS NULL FROM run")"
expect "waits" "eagain 1,slept 1" "$(query good.db "SELECT outcome, sum(calls) FROM wait_histogram GROUP BY outcome")"
expect "handoffs" 1 "$(query good.db "SELECT sum(calls) FROM handoff_histogram WHERE low_ns <= 300 AND 300 < high_ns")"
expect "samples" "unknown app 1" "$(query good.db "SELECT class, module, samples FROM sample")"
expect "call paths" 1 "$(query good.db "SELECT sum(samples) FROM frame_sample")"
expect "no kernel below user code" 0 "$(query good.db "SELECT count(*) FROM frame WHERE class = 'kernel'")"
expect "who waits" "1 0" "$(query good.db "SELECT sum(waits), sum(wakes) FROM waiter")"
expect "the machine" "A CPU 8 6.1.0 1024000" "$(query good.db "SELECT (SELECT value FROM host WHERE key = 'cpu_model'),
    (SELECT value FROM host WHERE key = 'cores'), (SELECT value FROM host WHERE key = 'kernel'),
    (SELECT value FROM host WHERE key = 'mem_bytes')")"
expect "no account of threads or cores" "0 0" "$(query good.db "SELECT (SELECT count(*) FROM thread), (SELECT count(*) FROM core)")"
"$heapwait" explain good.db >explained 2>log; expect "it can be explained" 0 $?
"$heapwait" import -o good.db session.data 2>log; expect "once more" 0 $?
[ -s good.db.old ] || { echo "FAILED: the older recording isn't kept"; failed=1; }

# Without switches: no times asleep, NULL and not zero; whoever was woken slept.
sed 's/, context_switch = 1//' facts.full >facts
grep -v SWITCH events >events.some && mv events events.all && mv events.some events
"$heapwait" import -o half.db session.data 2>log; expect "without switches" 0 $?
holds "it is said" log "the session has no context switches"
expect "times asleep are NULL" "3 0 0 0" "$(query half.db \
    "SELECT count(*), count(oncpu_ns), count(blocked_ns), count(runnable_ns) FROM lock_outcome")"
expect "the whole time is known" 700 "$(query half.db "SELECT total_ns FROM lock_outcome WHERE outcome = 'slept'")"
expect "no handoffs" 0 "$(query half.db "SELECT count(*) FROM handoff_histogram")"
"$heapwait" explain half.db >explained 2>log; expect "NULL can be explained" 0 $?

# Without futex events: samples only.
grep -v futex facts.full >facts
grep -v -e futex -e '^$' events.all >events
"$heapwait" import -o samples.db session.data 2>log; expect "without futex events" 0 $?
holds "it is said, with the remedy" log "heapwait doctor --perf"
expect "probes none" "none perf 0" "$(query samples.db "SELECT probes, collector, (SELECT count(*) FROM lock) FROM run")"
"$heapwait" explain samples.db >explained 2>log; expect "samples alone can be explained" 0 $?
mv events.all events
grep -v -e futex -e cpu-clock facts.full >facts
echo ' 1/1 1.0: page-faults:' >events.none
echo 'cat "$FOLDER/events.none"' >behaviour
"$heapwait" import -o bad.db session.data 2>log; expect "neither futexes nor samples" 1 $?
one_line "neither futexes nor samples"
cp facts.full facts

# What is no session, or not all of one.
: >empty.data
echo text >text.data
printf '2ELIFREP\000\000\000\000\000\000\000\020' >other.data
{ printf 'PERFILE2\150\000\000\000\000\000\000\000\220\000\000\000\000\000\000\000'
  printf '\150\000\000\000\000\000\000\000\000\001\000\000\000\000\000\000'
  printf '\000\002\000\000\000\000\000\000\000\000\020\000\000\000\000\000'
  head -c 2000 /dev/zero; } >cut.data
head -c 40 cut.data >short.data
for case in "empty:it is empty" "text:not a perf.data file" "other:other byte order" "cut:cut off" "short:cut off" \
    "nothing:No such file"; do
    "$heapwait" import -o bad.db "${case%%:*}.data" 2>log; expect "${case%%:*}" 1 $?
    one_line "${case%%:*}"
    holds "${case%%:*}" log "${case#*:}"
done
"$heapwait" import -o bad.db . 2>log; expect "a folder" 1 $?
one_line "a folder"

# perf that fails half-way, that crashes, that is not there.
echo 'head -n 8 "$FOLDER/events"; echo "0x49410 [0xffff]: failed to process type: -1" >&2; exit 234' >behaviour
"$heapwait" import -o bad.db session.data 2>log; expect "perf fails" 1 $?
one_line "perf fails"
holds "what perf said" log "failed to process type: -1"
echo 'head -n 8 "$FOLDER/events"; kill -SEGV $$' >behaviour
"$heapwait" import -o bad.db session.data 2>log; expect "perf crashes" 1 $?
one_line "perf crashes"
holds "how it ended" log "signal 11"
PATH=/nonexistent "$heapwait" import -o bad.db session.data 2>log; expect "no perf" 125 $?
one_line "no perf"
holds "the remedy" log "apt-get install linux-perf"

# An older recording stays when the new one fails.
cp good.db bad.db && before=$(cksum <bad.db)
"$heapwait" import -o bad.db session.data 2>log; expect "perf crashes again" 1 $?
expect "the older one is untouched" "$before" "$(cksum <bad.db)"
rm bad.db
echo text >bad.db
cp behaviour.whole behaviour
"$heapwait" import -o bad.db session.data 2>log; expect "a foreign file in the way" 125 $?
expect "it is left alone" text "$(cat bad.db)"
rm bad.db
"$heapwait" import -o /nonexistent/x.db session.data 2>log; expect "no such folder" 125 $?
"$heapwait" import 2>log; expect "no session" 2 $?
"$heapwait" import a b 2>log; expect "two sessions" 2 $?
"$heapwait" import --nonsense a 2>log; expect "no such option" 2 $?

# Interrupted while perf is at it: perf goes too.
mkfifo ready
echo 'cat "$FOLDER/events"; echo $$ >"$FOLDER/ready"; exec sleep 60' >behaviour
"$heapwait" import -o bad.db session.data 2>log &
perf=$(timeout 60 cat ready)
kill -TERM $!
wait $!; expect "interrupted" 125 $?
one_line "interrupted"
holds "it is said" log "interrupted"
if [ -z "$perf" ] || kill -0 "$perf" 2>/dev/null; then echo "FAILED: perf is left running"; failed=1; fi

# A full disk, where a small one can be had.
cp behaviour.whole behaviour
mkdir tiny
if mount -t tmpfs -o size=40k none tiny 2>/dev/null; then
    mounted=$folder/tiny
    "$heapwait" import -o tiny/x.db session.data 2>log; expect "a full disk" 125 $?
    one_line "a full disk"
    holds "it is said" log "full"
    expect "nothing is left" "" "$(ls tiny)"
else
    echo "not tried: a full disk (no right to mount one)"
fi
exit $failed
