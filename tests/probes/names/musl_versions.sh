#!/bin/sh
# musl_versions.sh BUILD FOLDER [SUITE...]: by hand, with network: programs for the static musl of other suites of
# Debian's (trixie and sid, which have 1.2.5 and 1.2.6), built in FOLDER, and what the tests say of them: malloc's locks
# and functions by the code alone, against the symbols; callers in a stripped program, against its twin.  Packages are
# unpacked into FOLDER, nothing is installed.  BUILD: a build of heapwait with its tests.
set -eu
build=$(realpath "$1") folder=$2
shift 2
[ $# -gt 0 ] || set -- trixie sid
checkout=$(realpath "$(dirname "$0")/../../..")
# shellcheck source=cmake/apt.sh
. "$checkout/cmake/apt.sh"
failed=0

# driver ROOT FOLDER: a compiler driver of the musl that lies in ROOT; the folder is laid out as musl's own build does.
driver()
{
    library=$(find "$1" -name libc.a -printf '%h') include=$(find "$1" -name stdlib.h -printf '%h')
    specs=$(find "$1" -name musl-gcc.specs)
    mkdir -p "$2/bin" "$2/lib"
    cp "$library"/*.o "$library/libc.a" "$2/lib/"
    sed "s|/usr/lib/[a-z0-9_-]*-linux-musl|$library|g; s|/usr/include/[a-z0-9_-]*-linux-musl|$include|g" "$specs" \
        >"$2/lib/musl-gcc.specs"
    printf '#!/bin/sh\nexec gcc "$@" -specs "%s"\n' "$2/lib/musl-gcc.specs" >"$2/bin/musl-gcc"
    chmod +x "$2/bin/musl-gcc"
}
# caller_check NAME FLAG...: the subject that counts its own callers, with symbols and without
caller_check()
{
    name=$here/$1
    shift
    set -- -std=gnu17 -O2 "$@" -Wall -Wextra -pthread -D_GNU_SOURCE -static "$checkout/tests/probes/callers_subject.c"
    "$here/bin/musl-gcc" "$@" -o "$name"
    "$here/bin/musl-gcc" -s "$@" -o "$name.stripped"
    "$build/tests/probes/run/test_callers" "$name.stripped" "$name" || failed=1
}

for suite; do
    mkdir -p "$folder/$suite"
    here=$(realpath "$folder/$suite")
    apt_open "$here" deb "$suite"
    (cd "$here" && rm -f ./*.deb && apt_own apt-get download musl-dev) || { apt_reason && exit 1; }
    rm -rf "$here/root"
    dpkg-deb -x "$here"/musl-dev_*.deb "$here/root"
    driver "$here/root" "$here"
    echo "== $suite: $(basename "$here"/musl-dev_*.deb)"
    sh "$checkout/tests/probes/names/stripped_programs.sh" gcc "$here/bin/musl-gcc" "$build/workload/allocators" "$checkout" \
        "$here/programs"
    while read -r program _; do
        "$build/tests/probes/names/test_probes_stripped" "$here/programs/$program" || failed=1
    done <"$here/programs/list"
    caller_check callers
    caller_check callers_small -Os
done
exit $failed
