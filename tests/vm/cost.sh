#!/bin/sh
# cost.sh LINE HEAPWAIT SUBJECT FLOOR PASSWORDS FOLDER: what heapwait's probes add, in instructions, on the newest of
# Debian's kernels of that line, in an emulated machine whose clock counts instructions.  Free of noise, but for how
# threads happen to meet.  Kernels are kept in FOLDER; METHODS and ROUNDS may be set.
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
ACCELERATOR=tcg,thread=single COUNTING='-icount shift=0,sleep=off' \
    sh "$here/boot.sh" x86_64 "$folder/$line/vmlinuz" 900 "$folder/$line.cost" "" "$folder/$line.cost/script" "$heapwait" \
    "$subject" "$floor" "$passwords" "$data"
