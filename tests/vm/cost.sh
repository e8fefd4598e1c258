#!/bin/sh
# cost.sh LINE HEAPWAIT SUBJECT FLOOR PASSWORDS FOLDER: what heapwait's probes add, in instructions, on the newest of
# Debian's kernels of that line, in an emulated machine whose clock counts instructions.  Free of noise, but for how
# threads happen to meet.  Fails where more is added than is allowed below.  Kernels are kept in FOLDER; METHODS and
# ROUNDS may be set; TABLE is a file for the table as Markdown.
set -u
line=$1 heapwait=$2 subject=$3 floor=$4 passwords=$5 folder=$6
here=$(cd "$(dirname "$0")" && pwd)
: "${METHODS:=untraced floor-waits traced-waits beside-waits floor-ledger traced-ledger beside-ledger}" "${ROUNDS:=5}"

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

| what looks | null call | empty wake | EAGAIN wait |
| --- | --- | --- | --- |
END
    awk -F '\t' 'BEGIN {
            name["floor-waits"] = "empty programs on the hooks of waits"; name["floor-ledger"] = "empty programs on the hooks of ledger"
            name["traced-waits"] = "heapwait -m waits"; name["traced-ledger"] = "heapwait -m ledger"
            name["beside-waits"] = "heapwait -m waits, beside it"; name["beside-ledger"] = "heapwait -m ledger, beside it"
        }
        $1 == "untraced" { base[$2] = $3; next }
        $1 in name && $2 != "work" { row[$1] = row[$1] " +" $3 - base[$2] " |"; if ($2 == "null") order[++n] = $1 }
        END { for (i = 1; i <= n; i++) print "| " name[order[i]] " |" row[order[i]] }' "$said"
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
limit beside-ledger null 260
limit traced-ledger null 330
exit $failed
