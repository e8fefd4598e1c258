#!/bin/sh
# cost.sh LINE HEAPWAIT SUBJECT FLOOR PASSWORDS FOLDER: what heapwait's probes add, in instructions, on the newest of
# Debian's kernels of that line, in an emulated machine whose clock counts instructions.  Free of noise, but for how
# threads happen to meet.  Fails where more is added than is allowed below.  Kernels are kept in FOLDER; METHODS and
# ROUNDS may be set; TABLE is a file for the table as Markdown.
set -u
line=$1 heapwait=$2 subject=$3 floor=$4 passwords=$5 folder=$6
here=$(cd "$(dirname "$0")" && pwd)
: "${METHODS:=untraced floor-waits traced-waits beside-waits traced-profile beside-profile floor-ledger traced-ledger beside-ledger}" "${ROUNDS:=9}"

skip()
{
    echo "SKIPPED: $1"
    exit 77
}

[ "$(uname -m)" = x86_64 ] || skip "the emulated machine is an x86-64 one, this is not"
for command in qemu-system-x86_64 busybox cpio; do
    command -v $command >/dev/null || skip "there is no $command here"
done
mkdir -p "$folder/$line.cost" && exec 9>"$folder/lock" && flock 9
why=$(sh "$here/kernel.sh" "$line" "$folder") || skip "no kernel $line to boot: $why"
exec 9>&-
cat "$folder/$line/version"
data=$folder/$line.cost/data
rm -rf "$data" && mkdir -p "$data" && cp -r "$here/../../analysis/schema.sql" "$here/../../analysis/views" "$data" || exit 1
{
    echo "HEAPWAIT='$heapwait' SUBJECT='$subject' FLOOR='$floor' PASSWORDS='$passwords' HEAPWAIT_DATA='$data'"
    echo "METHODS='$METHODS' ROUNDS='$ROUNDS'"
    echo "export HEAPWAIT_DATA"
    cat "$here/cost_guest.sh"
} >"$folder/$line.cost/script"
# limit METHOD WHAT MOST: what the method may add to a call
limit()
{
    added=$(awk -F '\t' -v m="$1" -v w="$2" '$2 == w && $1 == "untraced" { u = $3 } $2 == w && $1 == m { n = $3 } END { print n - u }' \
        "$said")
    [ "$added" -le "$3" ] || { echo "FAILED: $1 adds $added instructions to $2, at most $3 are allowed" && failed=1; }
}

# The table: what each method adds.
table()
{
    cat <<END
# What looking costs, in instructions

Made by \`tests/vm/cost.sh\` with $(cat "$folder/$line/version"), in an emulated machine whose clock counts instructions:
what is added to a system call that does nothing, to a wake that wakes nobody, and to a wait that finds another value. Empty programs
are what the hooks alone cost, which is the kernel's; what is beyond that is heapwait's. Beside: in a process that nobody follows.
The last column is passwords-musl with 4 threads, as a ratio to the untraced median: median of $ROUNDS runs, and their quartiles.

| what looks | null call | empty wake | EAGAIN wait | passwords-musl |
| --- | --- | --- | --- | --- |
END
    awk -F '\t' 'BEGIN {
            name["floor-waits"] = "empty programs on the hooks of waits"; name["floor-ledger"] = "empty programs on the hooks of ledger"
            name["traced-waits"] = "heapwait -m waits"; name["traced-profile"] = "heapwait -m profile"; name["traced-ledger"] = "heapwait -m ledger"
            name["beside-waits"] = "heapwait -m waits, beside it"; name["beside-profile"] = "heapwait -m profile, beside it"; name["beside-ledger"] = "heapwait -m ledger, beside it"
        }
        function ratios(method) {
            return sprintf(" %.2f (%.2f to %.2f) |", work[method, "work"] / base["work"], work[method, "work_low"] / base["work"],
                work[method, "work_high"] / base["work"])
        }
        $2 ~ /^work/ { work[$1, $2] = $3 }
        $2 == "map" || $2 == "sample" { next } # two calls on memory, and interrupts: in what the script prints
        $1 == "untraced" { base[$2] = $3; next }
        $1 in name && $2 !~ /^work/ { row[$1] = row[$1] " +" $3 - base[$2] " |"; if ($2 == "null") order[++n] = $1 }
        END {
            print "| untraced | +0 | +0 | +0 |" ratios("untraced")
            for (i = 1; i <= n; i++) print "| " name[order[i]] " |" row[order[i]] ratios(order[i])
        }' "$said"
    awk -F '\t' '$2 == "sample" { n[$1] = $3 }
        $2 == "map" { m[$1] = $3 }
        END {
            if (!("traced-profile" in n)) exit
            printf "\nMode `profile` takes 250 samples a second of each CPU that runs the program. Here one took %d instructions more than the\n", n["traced-profile"] - n["untraced"]
            printf "tick alone, its call path included: %.1f million a second, some thousandth of what a CPU does. To count a pair of mmap()\n", (n["traced-profile"] - n["untraced"]) * 250 / 1e6
            printf "and munmap() took %d more.\n", m["traced-profile"] - m["untraced"]
        }' "$said"
    cat <<'END'

The ratios of passwords-musl can't be held against a bar. Emulated, the CPUs take turns in one thread, and a run meets either few
waits or so many that it takes half as long again or twice as long, untraced as well: where these are some of the untraced runs
their quartiles lie far apart, and where they are most of them, ratios are below 1. In two sessions on one day the untraced medians
were 77.7 and 150.9 million instructions, those of `-m waits` 88.0 and 85.7, those of `-m ledger` 93.9 and 96.4. The last four
differ by 3 %; what they are to be divided by is what can't be told. By the smaller one, that of runs that meet few waits, empty
programs on the hooks of `waits` take 1.06 and `-m waits` 1.10 to 1.13, empty programs on the hooks of `ledger` 1.11 and `-m ledger`
1.21 to 1.24: the hooks alone are beyond the 1.04 and the 1.10 that were aimed at.

An EAGAIN wait in mode `waits`: beside the hooks, two readings of the clock take 92 instructions, the histogram (one flush for
19 waits) 27; the rest is to find the page, to compare whose it is, and to add the call to the totals, the histogram and the count
of its paths.

Where programs on functions can be preempted (`preempt=full`, by hand with 6.12), mode `waits` takes the tracepoints of each futex call;
the raw tracepoints of all system calls would do as well, with programs that were made for it. What each adds, on such a kernel:

| what looks | null call | empty wake | EAGAIN wait | passwords-musl | passwords-glibc |
| --- | --- | --- | --- | --- | --- |
| empty programs on the tracepoints | +154 | +767 | +767 | 1.19 | 1.04 |
| empty programs on the raw tracepoints | +217 | +217 | +217 | 1.10 | 1.06 |
| tracepoints | +154 | +902 | +1274 | 1.29 | 1.05 |
| raw tracepoints | +345 | +405 | +635 | 1.22 | 1.10 |
| tracepoints, beside it | +154 | +844 | +844 | 1.22 | 1.05 |
| raw tracepoints, beside it | +263 | +263 | +263 | 1.13 | 1.08 |

So the raw ones are cheaper where futex calls are more than a quarter of what the program calls, and more than a sixth of what others
call; for all others they are dearer. How many they will be isn't known when programs are attached: of `passwords-musl`'s calls they are
some 40 %, of `passwords-glibc`'s next to none. What one of the two gains the other loses, and so the tracepoints stay. In time it is the same: on
a machine of the kind of [overhead.md](overhead.md) (6.18, medians of 6 runs) empty programs make a null call 15 % longer on the tracepoints and
21 % on the raw ones, an empty wake 37 % and 15 %.

On Linux 7.2 and newer both modes take perf's events of all system calls. Empty programs there add 637 instructions to each system
call of the machine (measured by hand, on 7.3). That is the kernel's.
END
}

failed=0
said=$folder/$line.cost/said
ACCELERATOR=tcg,thread=single COUNTING='-icount shift=0,sleep=off' \
    sh "$here/boot.sh" x86_64 "$folder/$line/vmlinuz" 900 "$folder/$line.cost" "" "$folder/$line.cost/script" "$heapwait" \
    "$subject" "$floor" "$passwords" "$data" >"$said" || failed=1
cat "$said"
[ -z "${TABLE-}" ] || table >"$TABLE"
[ $failed = 0 ] || exit 1
limit beside-waits null 0 # by fentry, as all that follows
limit traced-waits null 0
limit traced-waits wake 450
limit traced-waits eagain 700
limit beside-ledger null 260
limit traced-ledger null 330
exit $failed
