#!/bin/sh
# arm64.sh CHECKOUT BUILD: heapwait, the variants and the tests' programs for arm64, in BUILD/arm64: without a warning.
# And what needs no arm64 machine: malloc's locks are found in stripped programs for arm64.
set -u
checkout=$1 build=$2

skip()
{
    echo "SKIPPED: $1"
    exit 77
}

command -v aarch64-linux-gnu-gcc >/dev/null || skip "there is no aarch64-linux-gnu-gcc here (Debian: gcc-aarch64-linux-gnu)"
[ "$(uname -m)" != aarch64 ] || skip "this machine is arm64 itself"
log=$build/arm64.log
cmake -S "$checkout" -B "$build/arm64" -G Ninja -DCMAKE_TOOLCHAIN_FILE=cmake/arm64.cmake >"$log" 2>&1 || {
    cat "$log"
    ! grep -q "arm64's libraries:" "$log" || skip "arm64's libraries can't be had: $(grep "arm64's libraries:" "$log")"
    exit 1
}
cmake --build "$build/arm64" >>"$log" 2>&1 || { tail -n 40 "$log" && exit 1; }
! grep 'warning:' "$log" || { echo "FAILED: it is not built without a warning" && exit 1; }
! grep ' absent: ' "$log" || { echo "FAILED: variants are absent" && exit 1; }
programs=$build/arm64/tests/probes/names/stripped
[ "$(wc -l <"$programs/list")" -ge 24 ] || { cat "$programs/list" && echo "FAILED: too few programs" && exit 1; }
# One word per program.
# shellcheck disable=SC2046
"$build/tests/probes/names/test_probes_stripped" $(sed "s,\([^ ]*\) .*,$programs/\1," "$programs/list")
