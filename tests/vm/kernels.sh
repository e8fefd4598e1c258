#!/bin/sh
# kernels.sh NAME BUILD FOLDER: the heapwait of the build folder BUILD on the newest of Debian's kernels of that name
# (kernel.sh), in an emulated machine.  Kernels, and what a run leaves (FOLDER/NAME.run), are kept in FOLDER.
# HEAPWAIT_VM=whole: with the tests' known-answer programs, which take minutes.
set -u
name=$1 build=$2 folder=$3 whole=${HEAPWAIT_VM-}
here=$(cd "$(dirname "$0")" && pwd)

skip()
{
    echo "SKIPPED: $1"
    exit 77
}

# The tools of the guest, by name, below the machine's root.
tools()
{
    for tool in sqlite3 strace bpftrace perf; do
        if [ "$other" ]; then
            [ ! -x "$other/usr/bin/$tool" ] || echo "$other/usr/bin/$tool"
        else
            command -v $tool
        fi
    done
}

# script WORDS...: the guest's, which begins with these words
script()
{
    echo "BUILD='$build' ORACLE='$oracle' HEAPWAIT_DATA='$data' KNOWN_OFFSET='$offset' $*"
    # Linux 7 preempts programs on tracepoints, and skips those that it meets then.
    case $name in 7*) echo "SKIPS=yes" ;; esac
    [ "$whole" != whole ] || echo "WHOLE=yes"
    # Units that ask what machine they run on.
    [ $machine = x86_64 ] || echo "UNITS='$units'"
    echo "export HEAPWAIT_DATA"
    cat "$here/guest.sh"
}

# What compares clocks: two are not read at one instant, and where a CPU is emulated by a thread of its own the machine
# may take that away between the two, for as long as others like.  So there is one CPU, whose clock counts what it
# executes.
clocks()
{
    script TIMES=yes >"$run/script.times"
    ACCELERATOR=tcg,thread=single COUNTING='-icount shift=0,sleep=off' CPUS=1 sh "$here/boot.sh" $machine \
        "$folder/$name/vmlinuz" $seconds "$run.times" "$other" "$run/script.times" "$build/tests/probes/run/test_ledger" \
        "$build/tests/probes/run/ledger_subject" "$data"
}

machine=x86_64 other=''
case $name in *-arm64) machine=aarch64 other=$build/sysroot/root ;; esac
[ "$other" ] || [ "$(uname -m)" = x86_64 ] || skip "the emulated machine is an x86-64 one, this is not"
[ -x "$build/heapwait" ] || skip "heapwait is not built for $machine here ($build)"
for command in qemu-system-$machine busybox cpio sqlite3 readelf; do
    command -v "$command" >/dev/null || skip "there is no $command here"
done
# Two tests may want the lists at once.
mkdir -p "$folder/$name.run" && exec 9>"$folder/lock" && flock 9
why=$(sh "$here/kernel.sh" "$name" "$folder") || skip "no kernel $name to boot: $why"
exec 9>&-
cat "$folder/$name/version"
oracle=$build/tests/probes/run/probe_oracle subject=$build/tests/probes/probe_subject
[ -x "$oracle" ] || oracle='' # there is no compiler for musl here
run=$folder/$name.run data=$folder/$name.run/data failed=0
rm -rf "$data" && mkdir -p "$data" && cp -r "$here/../../analysis/schema.sql" "$here/../../analysis/views" "$data" || exit 1
units='' archives='' seconds=1500
if [ $machine != x86_64 ]; then
    for unit in stacks/test_unwind names/test_probes_mapped_program run/test_probes_target names/test_probes_stripped; do
        units="$units $build/tests/probes/$unit"
    done
    archives="$other/usr/lib/$machine-linux-musl/libc.a $build/workload/allocators/musl-oldmalloc/lib/libc.a"
fi
[ "$whole" != whole ] || seconds=1800
offset=$(readelf -sW "$subject" | awk '$8 == "known_word" { print substr($2, length($2) - 2) }')
if [ $machine = x86_64 ]; then
    TSC_KHZ=$("$build/tests/vm/tsc_khz") || exit 1
    export TSC_KHZ
fi
script >"$run/script"
# One word per tool and unit.
# shellcheck disable=SC2046,SC2086
sh "$here/boot.sh" $machine "$folder/$name/vmlinuz" $seconds "$run" "$other" "$run/script" \
    "$build/heapwait" "$build/tests/probes/run/test_probes" \
    "$build/tests/probes/run/test_memory" "$build/tests/probes/run/memory_subject" \
    "$build/tests/probes/run/test_profile" "$build/tests/probes/run/profile_subject" \
    "$build/tests/probes/run/ledger_subject" "$build/tests/probes/bpf/test_types" "$build/probes/bpf/probes.bpf.o" \
    "$build/tests/cli/top/top_subject" "$subject" "$build/workload/variants.tsv" \
    "$build/workload/passwords-glibc" "$build/workload/passwords-musl" "$data" ${oracle:+"$oracle"} $(tools) $units \
    ${units:+$(find "$build/tests/probes" -maxdepth 1 -name 'path_subject_*') "$build/tests/probes/names/stripped" "$build/tests/probes/names/files"} $archives || failed=1
[ "$whole" != whole ] || clocks || failed=1
exit $failed
