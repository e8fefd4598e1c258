#!/bin/sh
# heapwait import: what may be given to it.  Files, folders, packed, through a pipe, as perf script's text, in pieces, without
# times; and what may not, with its remedy.  perf says what this script wants: needs neither perf nor privilege.
# $1: heapwait.
# shellcheck disable=SC2016 # what is written for the false perf expands there
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
source=$(cd "$(dirname "$0")/../../.." && pwd)
cd "$folder" || exit 1
mkdir data bin && cp -r "$source/analysis/schema.sql" "$source/analysis/views" data
HEAPWAIT_DATA=$folder/data PATH=$folder/bin:$PATH FOLDER=$folder TMPDIR=$folder
export HEAPWAIT_DATA PATH FOLDER TMPDIR
failed=0

# The false perf reads what it is given: after the head of a session, 16 bytes, there is one record, the mark of a round's end
# (68, and its size of 24), that has the file's name, filled up with blanks.
cat >bin/perf <<'PERF'
#!/bin/sh
for file; do [ "$before" != -i ] || break; before=$file; done
[ ! -d "$file" ] || file=$file/data
name=$(tail -c +25 "$file" | head -n 1 | tr -d ' ')
case "$1 $2 $3" in
"buildid-list "*) exit 0 ;;
"script -f --header") cat "$FOLDER/$name.facts" ;;
"script -f -i")
    echo "$*" >"$FOLDER/asked"
    cat "$FOLDER/$name.events"
    [ ! -e "$FOLDER/$name.warnings" ] || cat "$FOLDER/$name.warnings" >&2
    ;;
*) echo "perf: unexpected: $*" >&2; exit 99 ;;
esac
PERF
chmod +x bin/perf
# session NAME: NAME.data, of which perf tells NAME.facts and NAME.events
session()
{
    { printf 'PERFILE2\020\000\000\000\000\000\000\000'; printf '\104\000\000\000\000\000\030\000%-15s\n' "$1"; } >"$1.data"
    [ -e "$1.facts" ] || cp facts "$1.facts"
}
# imports NAME FILE...: it works, and all calls are there
imports()
{
    name=$1
    shift
    "$heapwait" import -o x.db "$@" >out 2>log; expect "$name" 0 $?
    expect "$name: the calls" "slept 1 700,woke_some 1 200" "$(query "SELECT outcome, calls, total_ns FROM lock_outcome")"
    holds "$name: nothing is lost" log "lost: nothing"
    expect "$name: nothing is left" "" "$(find . -name 'heapwait-*')"
}
# refuses NAME WORDS FILE...: in one line, with these words
refuses()
{
    name=$1 words=$2
    shift 2
    rm -f bad.db
    "$heapwait" import -o bad.db "$@" 2>log; expect "$name" 1 $?
    expect "$name: one line" 1 "$(wc -l <log)"
    holds "$name" log "$words"
    expect "$name: nothing is left" "" "$(find . -name 'heapwait-*' -o -name 'bad.db*')"
}
query()
{
    sqlite3 -separator ' ' x.db "$1" | tr '\n' ',' | sed 's/,$//'
}

cat >facts <<'FACTS'
# ========
# hostname : nowhere.example
# os release : 6.1.0
# arch : x86_64
# cmdline : /usr/bin/perf record -o x -- /opt/app
# event : name = syscalls:sys_enter_futex, , id = { 2 }, type = 2, sample_type = IP|TID|TIME|RAW
# event : name = syscalls:sys_exit_futex, , id = { 3 }, type = 2, sample_type = IP|TID|TIME|RAW
# event : name = sched:sched_waking, , id = { 4 }, type = 2, sample_type = IP|TID|TIME|RAW, context_switch = 1
# time of first sample : 10.000001
# ========
FACTS
cat >one.events <<'EVENTS'
    0/0         0.000000000: PERF_RECORD_COMM: perf-exec:20/20
   20/20        10.000000000: PERF_RECORD_COMM exec: app:20/20
   20/20        10.000000200: PERF_RECORD_FORK(20:21):(20:20)
   20/20        10.000001000: syscalls:sys_enter_futex: uaddr: 0x004106a0, op: 0x00000080, val: 0x2, utime: 0x0
   20/20        10.000001100: PERF_RECORD_SWITCH OUT
   20/21        10.000001200: syscalls:sys_enter_futex: uaddr: 0x004106a0, op: 0x00000081, val: 0x1, utime: 0x0
   20/21        10.000001300: sched:sched_waking: comm=app pid=20 prio=120 target_cpu=001
   20/21        10.000001400: syscalls:sys_exit_futex: 0x1
   20/20        10.000001600: PERF_RECORD_SWITCH IN
   20/20        10.000001700: syscalls:sys_exit_futex: 0x0
   20/21        10.000002000: PERF_RECORD_EXIT(20:21):(20:20)
   20/20        10.000003000: PERF_RECORD_EXIT(20:20):(19:19)
EVENTS
session one

# Files, folders, packed, through pipes.
imports "a file" one.data
mkdir one.folder && cp one.data one.folder/data && : >one.folder/data.0
imports "a folder (perf record --threads)" one.folder
for tool in gzip xz zstd bzip2; do
    command -v $tool >/dev/null || { echo "not tried: $tool is not installed"; continue; }
    $tool -c <one.data >"packed.$tool"
    imports "packed by $tool" "packed.$tool"
    imports "packed by $tool, on standard input" - <"packed.$tool"
done
imports "a file on standard input" - <one.data
mkfifo pipe
cat one.data >pipe &
imports "a pipe on standard input" - <pipe
wait $!
cat one.data >pipe &
writer=$!
imports "a pipe with a name" pipe
kill "$writer" 2>/dev/null # it would wait for ever if nobody read
perf script -f -i one.data >text.body
{ cat facts; cat text.body; } >one.txt
PATH=/usr/bin:/bin imports "the text of perf script" one.txt
gzip -c one.txt >packed.txt
imports "the same, packed, on standard input" - <packed.txt
expect "what the comments tell" "/opt/app nowhere.example" \
    "$(query "SELECT command || ' ' || (SELECT 'nowhere.example') FROM run")"
imports "text without comments" text.body
grep -v SWITCH text.body >less.txt
"$heapwait" import -o x.db less.txt 2>log; expect "text without switches" 0 $?
holds "it is said" log "the session has no context switches"

# The first format is perf's own affair.
{ printf 'PERFFILE'; tail -c +9 one.data; } >first.data
imports "the first format" first.data

# What is none of these.
: >nothing
refuses "nothing at all" "it is empty" - <nothing
refuses "not even a file" "is no file, folder or pipe" - </dev/null
refuses "a folder" "there is no file 'data' in it" data
refuses "a device" "is no file, folder or pipe" /dev/zero
mkdir tarred && echo x >tarred/x && tar -cf tarred.tar tarred
refuses "an archive" "is an archive" tarred.tar
gzip -c tarred.tar >tarred.gz
refuses "a packed archive" "is an archive" tarred.gz
gzip -c packed.gzip >twice.gz
refuses "packed twice" "packed more than once" twice.gz
head -c 30 packed.gzip >cut.gz
refuses "packed and cut off" "cut off or damaged" cut.gz
printf '\375\067zXZ and what no xz made' >false.xz
refuses "packed by nobody" "can't unpack" false.xz
printf 'app  20 [001] 10.0: cpu-clock: 7f43 main (/opt/app)\n' >fields.txt
refuses "text with other fields" "--show-lost-events -F pid,tid,misc,time,event" fields.txt
printf '20/20 10.0: raw_syscalls:sys_enter: NR 202 (7f, 80, 2, 0, 0, 0)\n' >numbers.txt
refuses "calls by number, of no known machine" "perf script --show-mmap-events" numbers.txt
{ printf 'PERFILE2\020\000\000\000\000\000\000\000'; echo newer; } >newer.data
refuses "a perf that can't read it" "if another perf made it, have that one print it" newer.data
expect "and the whole command" 1 "$(grep -c -e '--show-lost-events' log)"

# Pieces of a session (perf record --switch-output).  Their times overlap where one CPU's buffer was read later, each
# begins with the processes as they were, and a call may begin in one and end in the next.
{ sed -n '1,4p;6p' one.events; } >first.events
{ sed -n 1p one.events; echo '0/0 0.000000000: PERF_RECORD_FORK(20:20):(19:19)'; sed -n '5p;7,$p' one.events; } >second.events
sed 's/10.000001/10.000002/' facts >second.facts
session first
session second
imports "pieces" first.data second.data
imports "in any order" second.data first.data
expect "one space, one word" 1 "$(query "SELECT count(*) FROM lock")"
grep -v 'time of first' facts >first.facts
grep -v 'time of first' facts >second.facts
imports "that don't tell their times" second.data first.data
for n in 0 1 2 3 4 5 6 7 8 9; do # as many that add nothing
    sed -n 1p one.events >"more$n.events"
    session "more$n"
done
imports "many" more?.data first.data second.data

# What perf warns of is told of each piece; a session is cut off if its last piece is.
echo 'something odd' >first.warnings
echo 'unexpected end of event stream' >second.warnings
"$heapwait" import -o x.db second.data first.data 2>log; expect "pieces that perf warns of" 0 $?
holds "the first's" log "perf warned: something odd"
holds "the second's" log "perf warned: unexpected end of event stream"
expect "both are losses" "1 2" "$(query "SELECT interrupted, (SELECT count FROM loss WHERE reason LIKE 'warnings of perf%') FROM run")"
rm first.warnings second.warnings
cp second.data whole.second && printf x >>second.data
"$heapwait" import -o x.db second.data first.data 2>log; expect "pieces whose last is cut off" 0 $?
expect "it is said" "1 1" "$(query "SELECT interrupted, (SELECT count FROM loss WHERE reason LIKE 'missing end%') FROM run")"
mv whole.second second.data && printf x >>first.data
imports "pieces of which an earlier one is cut off" second.data first.data
session first
sed 's/nowhere/elsewhere/' facts >other.facts
cp one.events other.events && session other
refuses "pieces of two machines" "not of one session: their machines differ" one.data other.data
sed 's/sched_waking/sched_wakeup/' facts >other.facts
refuses "pieces of two sessions" "their events differ" one.data other.data

# Without times (--per-thread): samples are read; without samples the option that is missing is told.
sed 's/|TIME//; s/^# time.*//; s/type = 2,/type = 2, size = 128,/; s/, context_switch = 1//' facts >bare.facts
echo '# event : name = cpu-clock, , id = { 1 }, type = 1, size = 128, sample_type = IP|TID|PERIOD' >>bare.facts
cat >bare.events <<'EVENTS'
    0/0     PERF_RECORD_COMM: perf-exec:20/20
   20/20    PERF_RECORD_COMM exec: app:20/20
   20/20    cpu-clock:   401234 main (/opt/app)
   20/20    syscalls:sys_enter_futex: uaddr: 0x004106a0, op: 0x00000080, val: 0x2, utime: 0x0
   20/20    syscalls:sys_exit_futex: 0x0
   20/20    cpu-clock:   401238 main (/opt/app)
   20/20    PERF_RECORD_EXIT(20:20):(19:19)
EVENTS
session bare
"$heapwait" import -o x.db bare.data 2>log; expect "samples without times" 0 $?
expect "perf isn't asked for times" 0 "$(grep -c 'tid,time' asked)"
expect "they are read" "none 2 NULL" "$(query "SELECT probes, (SELECT sum(samples) FROM sample), ifnull(wall_ns, 'NULL') FROM run")"
holds "the option is told" log "record with -T"
holds "calls are a loss" log "Lost: 2 system calls and switches without a time"
holds "who is not followed" log "threads and children that began after the session did are not in it"
grep -v cpu-clock bare.facts >waits.facts
grep -v cpu-clock bare.events >waits.events
session waits
refuses "calls without times" "record again with -T" waits.data

# Counted with a group (:S): their fields aren't there.
sed 's/|RAW//' facts >group.facts
echo '# event : name = cpu-clock, , id = { 1 }, type = 1, sample_type = IP|TID|TIME|READ|PERIOD' >>group.facts
cat >group.events <<'EVENTS'
   20/20   10.000000000: PERF_RECORD_COMM exec: app:20/20
   20/20   10.000001000:                cpu-clock:  401234 main (/opt/app)
   20/20   10.000001000: syscalls:sys_enter_futex:  401234 main (/opt/app)
   20/20   10.000001000:  syscalls:sys_exit_futex:  401234 main (/opt/app)
EVENTS
session group
"$heapwait" import -o x.db group.data 2>log; expect "a counted group" 0 $?
expect "no call is made of it" "none 0 1" "$(query "SELECT probes, (SELECT count(*) FROM lock), (SELECT sum(samples) FROM sample) FROM run")"
holds "it is said" log "record without :S"
expect "no line is strange" 0 "$(query "SELECT count FROM loss WHERE reason LIKE 'lines of%'")"

# Samples that perf counted as lost at its end stand in the file: many a perf script says nothing of them.
{ printf 'PERFILE2\020\000\000\000\000\000\000\000'
  printf '\102\000\000\000\000\000\014\000\005\000\000\000five_bytes_and_3' | head -c 20
  printf '\015\000\000\000\000\000\020\000\007\000\000\000\000\000\000\000'; printf '\015\000\000\000\000\000\020\000\003\000\000\000\000\000\000\000'
} >lost.data
sed -i 's,^name=.*,name=${NAME:-$(tail -c +25 "$file" | head -n 1)},' bin/perf
NAME=one "$heapwait" import -o x.db lost.data 2>log; expect "losses that stand in the file alone" 0 $?
holds "they are told" log "Lost: 10 records that perf lost"
exit $failed
