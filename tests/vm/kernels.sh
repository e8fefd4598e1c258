#!/bin/sh
# kernels.sh LINE HEAPWAIT SUBJECT ORACLE FOLDER: heapwait on the newest of Debian's kernels of that line, in an emulated
# machine.  Kernels are kept in FOLDER.
set -u
line=$1 heapwait=$2 subject=$3 oracle=$4 folder=$5
here=$(cd "$(dirname "$0")" && pwd)

skip()
{
    echo "SKIPPED: $1"
    exit 77
}

[ "$(uname -m)" = x86_64 ] || skip "the emulated machine is an x86-64 one, this is not"
for command in qemu-system-x86_64 busybox cpio sqlite3; do
    command -v $command >/dev/null || skip "there is no $command here"
done
# Two tests may want the lists at once.
mkdir -p "$folder/$line.run" && exec 9>"$folder/lock" && flock 9
why=$(sh "$here/kernel.sh" "$line" "$folder") || skip "no kernel $line to boot: $why"
exec 9>&-
cat "$folder/$line/version"
[ -x "$oracle" ] || oracle='' # there is no compiler for musl here
data=$folder/$line.run/data
rm -rf "$data" && mkdir -p "$data" && cp -r "$here/../../analysis/schema.sql" "$here/../../analysis/views" "$data" || exit 1
{
    echo "HEAPWAIT='$heapwait' SUBJECT='$subject' ORACLE='$oracle' HEAPWAIT_DATA='$data'"
    # Linux 7 preempts programs on tracepoints, and skips those that it meets then; no program is free of that.
    case $line in 7*) echo "LOSES=yes" ;; esac
    echo "export HEAPWAIT_DATA"
    cat "$here/guest.sh"
} >"$folder/$line.run/script"
sh "$here/boot.sh" "$folder/$line/vmlinuz" 280 "$folder/$line.run" "$folder/$line.run/script" "$heapwait" "$subject" \
    "$data" "$(command -v sqlite3)" ${oracle:+"$oracle"}
