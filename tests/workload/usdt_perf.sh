#!/bin/sh
# usdt_perf.sh PROGRAM WHY: a tracer that knows the USDT probes counts the program's phases: perf, through uprobes.
# The events are the whole machine's: somebody else's of that name are left alone.  WHY as in usdt.sh.
set -u
program=$1 why=$2
skip() { echo "SKIPPED: $1"; exit 77; }
[ -z "$why" ] || skip "no USDT probes: $why"
[ -x "$program" ] || skip "there is no $program"
command -v perf >/dev/null || skip "there is no perf"
! perf probe -l 2>/dev/null | grep -q sdt_heapwait: || skip "somebody has set the probes already"
folder=$(mktemp -d) || exit 1
trap 'command perf probe -q -d "sdt_heapwait:*" 2>/dev/null; rm -rf "$folder"' EXIT

perf() { command perf --buildid-dir "$folder/cache" "$@"; }
perf buildid-cache --add "$program" 2>"$folder/log" || skip "perf can't keep it: $(head -n 1 "$folder/log")"
for event in thread_start passwords thread_end; do
    perf probe -q "sdt_heapwait:$event" 2>"$folder/log" ||
        skip "uprobes are not permitted: $(tail -n 1 "$folder/log")"
done
perf record -q -o "$folder/data" -e "sdt_heapwait:*" "$program" --threads 3 --passwords 9001 2>"$folder/log" ||
    { echo "FAILED: perf record: $(cat "$folder/log")"; exit 1; }
seen=$(perf script -i "$folder/data" -F event,trace 2>/dev/null |
    sed "s/.*sdt_heapwait:\([a-z_]*\): *([0-9a-f]*) */\1 /" | sort -k 2,2 -k 1,1r -k 3,3V)
# 9001 passwords: 3000, 3000 and the remainder too; 1024 and 2048 fall into each
wanted=$(for thread in 1 2 3; do
    made=$((thread == 3 ? 3001 : 3000))
    printf '%s arg1=%s arg2=%s\n' thread_start $thread $made thread_end $thread $made passwords $thread 1024 passwords \
        $thread 2048
done)
[ "$seen" = "$wanted" ] && exit 0
printf 'FAILED: wanted\n%s\n got\n%s\n' "$wanted" "$seen"
exit 1
