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
holds "losses first" log "Lost: 3 records that perf lost"
holds "files that are not here" log "no names of /opt/app: it is not here"
expect "counts and times" "wait eagain 1 20 20 0 0 ,wait slept 1 700 200 200 300 ,wake woke_some 1 200 200 0 0 1" \
    "$(query good.db "SELECT op, outcome, calls, total_ns, oncpu_ns, blocked_ns, runnable_ns, woken FROM lock_outcome
        ORDER BY op, outcome")"
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

# The kernel's modules are nobody's files: perf names their code. Of a program's, the first few are told, and how many more.
{ cat events; for n in 1 2 3 4 5 6 7 8; do
    echo "-1/0 0.0: PERF_RECORD_MMAP -1/0: [0xffffffffc0${n}00000(0x5000) @ 0]: x /lib/modules/6.1.0/kernel/$n.ko"
    echo "20/20 10.000002900: PERF_RECORD_MMAP2 20/20: [0x7f${n}000(0xa000) @ 0x1000 fe:00 $n 26]: r-xp /opt/$n.so"
  done; } >events.files
echo 'cat "$FOLDER/events.files"' >behaviour
"$heapwait" import -o files.db session.data 2>log; expect "many files" 0 $?
expect "no kernel module is asked for" 0 "$(grep -c '[.]ko' log)"
expect "five of them are told" 5 "$(grep -c '^no names of ' log)"
holds "and how many others" log "and of 4 others"
expect "all are in the recording" 9 "$(query files.db "SELECT length(value) - length(replace(value, char(10), '')) + 1 FROM host
    WHERE key = 'perf_missing_files'")"
cp behaviour.whole behaviour

# What the session began or ended in is no loss; a lost beginning is.
cat >events.edges <<'EVENTS'
   20/20        10.000000000: PERF_RECORD_COMM exec: app:20/20
   20/30        10.000000900: syscalls:sys_exit_futex: 0x0
   20/20        10.000001800: syscalls:sys_enter_futex: uaddr: 0x004106a0, op: 0x00000080, val: 0x2, utime: 0x0
   20/20        10.000001820: syscalls:sys_exit_futex: 0xfffffffffffffff5
   20/30        10.000001830: syscalls:sys_exit_futex: 0x0
   20/20        10.000003000: PERF_RECORD_EXIT(20:20):(19:19)
EVENTS
echo '20/20 10.000002000: PERF_RECORD_EXIT(20:20):(1:1)' >events.exit
echo 'cat "$FOLDER/events.edges" "$FOLDER/events.exit"' >behaviour
"$heapwait" import -o edges.db session.data 2>log; expect "the session's edges" 0 $?
holds "nothing is lost" log "lost: nothing"
holds "it is said" log "2 futex calls began before the session or ended after it"
expect "and kept" 2 "$(query edges.db "SELECT value FROM host WHERE key = 'perf_calls_outside'")"
{ sed 3,4d events.edges; sed -n 3,4p events.edges; } >events.lost
echo 'cat "$FOLDER/events.lost" "$FOLDER/events.exit"' >behaviour
"$heapwait" import -o edges.db session.data 2>log; expect "a lost beginning" 0 $?
holds "is a loss" log "Lost: 1 ends of futex calls without a beginning"
holds "of a call" log "at least 1 futex call is"
expect "and kept as such" "1 futex call" "$(query edges.db "SELECT count, unit FROM loss WHERE count > 0")"
cp behaviour.whole behaviour

# A record that perf wrote twice is one.
sed -n '1p;3p;3p;4p;4p;6p' events.edges >events.twice
echo 'cat "$FOLDER/events.twice" "$FOLDER/events.exit"' >behaviour
"$heapwait" import -o edges.db session.data 2>log; expect "records that stand there twice" 0 $?
holds "nothing is lost of them" log "lost: nothing"
holds "they are told" log "2 records stand in the session twice"
expect "and kept" 2 "$(query edges.db "SELECT value FROM host WHERE key = 'perf_records_twice'")"
cp behaviour.whole behaviour

# Who else runs on the machine is not asked when the command ends; who of the command does is.
sed 's/context_switch = 1/inherit = 1, &/' facts.full >facts
{ cat events; echo '99/99 10.000004000: PERF_RECORD_FORK(99:99):(1:1)'; } >events.others
echo 'cat "$FOLDER/events.others"' >behaviour
"$heapwait" import -o others.db session.data 2>log; expect "others run on" 0 $?
expect "none of the command's" 0 "$(query others.db "SELECT count FROM loss WHERE reason LIKE 'threads still running%'")"
grep -v 'EXIT(20:21)' events >events.others
"$heapwait" import -o others.db session.data 2>log; expect "a thread runs on" 0 $?
holds "it is told" log "1 threads still running at the end"
cp facts.full facts
cp behaviour.whole behaviour

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

# ---- what a session lacks ----
# explained DB NAME WORDS: the page says it
explained()
{
    "$heapwait" explain --all "$1" >explained 2>log; expect "$2: explained" 0 $?
    tr -s '\n ' ' ' <explained >words
    holds "$2" words "$3"
}
# import_of NAME: the session as facts and events have it now
import_of()
{
    "$heapwait" import -o "$1.db" session.data 2>log; expect "$1" 0 $?
}

cp behaviour.whole behaviour
# No date: NULL, and not when the file was last written.  No exit of the command: the time of the records.
grep -v 'reference time' facts.full >facts
grep -v 'EXIT(20:20)' events >events.some && mv events events.all && mv events.some events
import_of dateless
holds "it may be cut off" log "went through a pipe, and the end of its command is not in it: it may be cut off"
expect "no date" "NULL 2000" "$(query dateless.db "SELECT coalesce(started_at, 'NULL'), wall_ns FROM run")"
expect "none of the host either" 0 "$(query dateless.db "SELECT count(*) FROM host WHERE key = 'started_at'")"
explained dateless.db "what the time is of" ", from the session's first record to its last"
expect "a piped session without the command's end may be cut off" "1 1" \
    "$(query dateless.db "SELECT interrupted, (SELECT count FROM loss WHERE reason = 'missing end of the session') FROM run")"
mv events.all events
explained good.db "what the time is of" ", from the command's exec to its exit"
cp facts.full facts

# perf ends well, but not with the session.
echo 'cat "$FOLDER/events"; echo "unexpected end of event stream" >&2; echo "'"'"'trace'"'"' not valid for software events. Ignoring." >&2' >behaviour
import_of warned
holds "perf's warning" log "perf warned: unexpected end of event stream"
holds "and what follows from it" log "perf met the end of the session too early: it may be cut off"
expect "nothing is said of a pipe" 0 "$(grep -c 'a pipe' log)"
expect "one warning" 1 "$(grep -c 'perf warned' log)"
expect "a warning is a loss, and the run is interrupted" "1 1 1" "$(query warned.db "SELECT interrupted,
    (SELECT count FROM loss WHERE reason = 'missing end of the session'),
    (SELECT count FROM loss WHERE reason LIKE 'warnings of perf%') FROM run")"
explained warned.db "only the beginning" "was interrupted: this is only its beginning"
cp behaviour.whole behaviour

# Samples whose path perf could not find out are samples: user code of no known place, or the kernel's.
grep -v futex facts.full >facts
cat >events.bare <<'EVENTS'
   20/20 E      10.000000000: PERF_RECORD_COMM exec: app:20/20
   20/20 U      10.000001000: cpu-clock:

   20/20 U      10.000002000: cpu-clock:

   20/20 K      10.000003000: cpu-clock:

   20/20 U      10.000004000: cpu-clock:
	            7f43 work (/opt/app)

    0/0 K       10.000005000: cpu-clock:
	ffffffff81000000 idle ([kernel.kallsyms])

   20/20 U      10.000005500: page-faults:
   20/20 E      10.000006000: PERF_RECORD_EXIT(20:20):(19:19)
EVENTS
mv events events.all && mv events.bare events
import_of bare
expect "each sample is in a class" "kernel  1,unknown  2,unknown app 1" \
    "$(query bare.db "SELECT class, module, samples FROM sample ORDER BY 1, 2")"
expect "none unaccounted for" 0 "$(query bare.db "SELECT count FROM loss WHERE reason LIKE '%not accounted for%'")"
expect "samples of no use" 1 "$(query bare.db "SELECT value FROM host WHERE key = 'perf_unused_samples'")"
holds "they are told" log "1 samples are of events that heapwait has no use for"
explained bare.db "losses were watched for" "Lost: nothing (reasons watched for:"
# The two kinds of cores of one machine are one clock; another clock is another, and told.
sed 's/cpu-clock:/cpu_core\/cycles\/:/' events >hybrid
cat >>hybrid <<'EVENTS'
   20/20 U      10.000007000: cpu_atom/cycles/:
	            7f43 work (/opt/app)

   20/20 U      10.000008000: cpu-clock:
	            7f43 work (/opt/app)

EVENTS
sed 's/cpu-clock,/cpu_core\/cycles\/,/' facts >facts.some && mv facts.some facts
mv hybrid events
import_of hybrid
expect "both kinds of cores" 5 "$(query hybrid.db "SELECT sum(samples) FROM sample")"
holds "the other clock" log "Lost: 1 samples of another clock"
mv events.all events

# Beginnings alone: calls by word, operation and caller; no outcome, no time.
grep -v -e sys_exit_futex facts.full >facts
grep -v -e sys_exit_futex events >events.some && mv events events.all && mv events.some events
import_of begun
expect "beginnings" "wait ?  2,wake ?  1" "$(query begun.db "SELECT op, coalesce(outcome, '?'), total_ns || oncpu_ns || blocked_ns || woken,
    sum(calls) FROM lock_outcome GROUP BY op ORDER BY op")"
expect "who calls" "1 0" "$(query begun.db "SELECT sum(waits), sum(wakes) FROM waiter")"
expect "no durations" 0 "$(query begun.db "SELECT count(*) FROM wait_histogram")"
holds "how they ended is not known" log "the beginnings of futex calls and not their ends"
expect "NULL in the views" "3 ? ? ?" "$(query begun.db "SELECT sum(calls), '?', '?', '?' FROM lock_outcome")"
"$heapwait" explain --json begun.db >json 2>log; expect "begun as JSON" 0 $?
holds "kinds are not known" json '"class":"other","kind":"slept","position":1,"runs":1,"calls":null'
holds "operations are" json '"op":"wait","outcome":null,"runs":1,"calls":2.0'
explained begun.db "no zeros for what is not known" "unnamed word at 0x4106a0 – ? – – – – 3 –"
mv events.all events

# Some beginnings and some ends: a beginning and an end are no call.
sed -e 's/type = 2, sample_type/type = 2, { sample_period, sample_freq } = 99, sample_type/' -e '/_futex/s/$/, freq = 1/' facts.full >facts
import_of sampled
expect "no outcomes" "wait ? 2,wake ? 1" "$(query sampled.db "SELECT op, coalesce(outcome, '?'), sum(calls) FROM lock_outcome GROUP BY op")"
holds "it is a loss" log "kinds of futex events of which perf"
holds "which" log "syscalls:sys_enter_futex: perf sampled it, 99 times a second at most"
holds "why" log "which need not be of the same calls"
expect "it stands in the recording" 1 "$(query sampled.db "SELECT value LIKE '%sys_exit_futex: perf sampled it%' FROM host
    WHERE key = 'perf_limits'")"
# All of one side are there: a pair is a pair.
sed -e 's/record -o x/record -e syscalls:sys_enter_futex --filter uaddr!=0 -o x/' facts.full >facts
import_of filtered
expect "outcomes" "eagain 1,slept 1,woke_some 1" "$(query filtered.db "SELECT outcome, sum(calls) FROM lock_outcome GROUP BY 1 ORDER BY 1")"
holds "a filter is told" log "syscalls:sys_enter_futex: perf recorded those that pass its --filter"

# What perf attached to was measured, not the command that gave the time.
sed 's/record -o x/record -p 77 -o x/' facts.full >facts
import_of attached
expect "a process" "process 77, while: /opt/app --threads 2 3000" "$(query attached.db "SELECT command, wall_ns FROM run")"
explained attached.db "the time is of the records" ", from the session's first record to its last"
sed 's/record -o x -- /record -a -o x /' facts.full >facts
import_of everybody
expect "the machine" "all processes, while: /opt/app --threads 2" "$(query everybody.db "SELECT command FROM run")"
sed 's/record -o x -- /record -o x /' facts.full >facts
import_of undashed
expect "a command without dashes" "/opt/app --threads 2 3000" "$(query undashed.db "SELECT command, wall_ns FROM run")"
cp facts.full facts

# A file that is gone is told as the reason, not that nothing was mapped.
expect "true evidence" "none: no symbol, no known layout, no telling stack; file not reachable: /opt/app; its value" \
    "$(query good.db "SELECT evidence FROM lock" | sed 's/its value .*/its value/')"
# A copy where the user says.
mkdir -p root/opt && cp "$heapwait" root/opt/app
"$heapwait" import -o copy.db --symfs root session.data 2>log; expect "--symfs" 0 $?
expect "nothing is missing" 0 "$(grep -c "no names of" log)"
"$heapwait" import -o bad.db --debug-file /nonexistent session.data 2>log; expect "no such debug file" 125 $?
one_line "no such debug file"

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

# Killed, it can't clean up; but there is nothing to clean: neither a file nor perf is left.
"$heapwait" import -o bad.db session.data 2>log &
perf=$(timeout 60 cat ready)
kill -KILL $!
wait $! 2>/dev/null; expect "killed" 137 $?
for left in bad.db*; do
    [ ! -e "$left" ] || { echo "FAILED: killed: $left is left"; failed=1; }
done
# the kernel ends perf when it has ended heapwait: wait until it is gone or a zombie that nobody reaps
for _ in $(seq 600); do
    case $(cut -d ' ' -f 3 "/proc/$perf/stat" 2>/dev/null) in '' | Z) gone=1 && break ;; esac
    sleep 0.1
done
expect "perf goes with it" 1 "${gone:-0}"

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
