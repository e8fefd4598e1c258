#!/bin/sh
# build.sh jemalloc|mimalloc|musl-oldmalloc TARBALL PREFIX CC: builds one allocator from its tarball into
# PREFIX.  CC is the compiler driver of the libc it is built against: musl-gcc for the first two, and gcc for musl,
# which leaves a musl-gcc of its own in PREFIX/bin.  Does nothing when PREFIX was built from the same inputs.
# No allocator's own build bears a blank or a quote in a path: where PREFIX has one it is made elsewhere, and moved.
set -eu
name=$1 tarball=$2 prefix=$3 cc=$4
work=$prefix.build made=$prefix
log=$prefix.log
machine=$("$cc" -dumpmachine)
key="$(sha256sum <"$tarball") $(sha256sum <"$0") $("$cc" -dumpfullversion) $cc"
jobs=$(nproc 2>/dev/null || echo 2)

# Whether CC compiles for the machine that this is.
this_machine()
{
    [ "${machine%%-*}" = "$(uname -m)" ]
}

build_jemalloc()
{
    set --
    # What is built for smaller pages doesn't run where they have 64 KB.  What libgcc has instead of inline atomics needs a
    # function that musl 1.2.3 lacks, and jemalloc would find that there are no atomics.
    case $machine in aarch64*) set -- --with-lg-page=16 CC="$cc -mno-outline-atomics" ;; esac
    this_machine || set -- "$@" --host="$machine"
    CC=$cc ./configure --prefix="$made" "$@" --disable-cxx --disable-shared --disable-libdl --disable-doc
    make -j "$jobs" build_lib_static
    make install_lib_static
}

build_mimalloc()
{
    set --
    this_machine || set -- -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="${machine%%-*}"
    cmake -S . -B out "$@" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER="$cc" -DCMAKE_INSTALL_PREFIX="$made" \
        -DMI_OVERRIDE=ON -DMI_LIBC_MUSL=ON -DMI_BUILD_SHARED=OFF -DMI_BUILD_OBJECT=OFF -DMI_BUILD_TESTS=OFF \
        -DMI_INSTALL_TOPLEVEL=ON
    cmake --build out -j "$jobs"
    cmake --install out
}

build_musl_oldmalloc()
{
    # Not by a name after the machine's: a gcc that has only one name would not be found.
    AR=$("$cc" -print-prog-name=ar) RANLIB=$("$cc" -print-prog-name=ranlib)
    export AR RANLIB
    CC=$cc ./configure --target="$machine" --prefix="$made" --with-malloc=oldmalloc --disable-shared --enable-wrapper=gcc \
        --syslibdir="$made/lib"
    make -j "$jobs"
    make install
}

build()
{
    cd "$work"
    case $name in
    jemalloc) build_jemalloc ;;
    mimalloc) build_mimalloc ;;
    musl-oldmalloc) build_musl_oldmalloc ;;
    *) echo "build.sh knows no allocator $name" && return 1 ;;
    esac
}

# musl's compiler driver goes by a file of gcc's specs, in which a backslash takes any character for itself.
musl_move()
{
    quoted=$(printf %s "$prefix" | sed 's,[^A-Za-z0-9/._+-],\\&,g') # by gcc
    quoted=$(printf %s "$quoted" | sed 's,[\&|],\\&,g')           # by sed
    sed "s|$made|$quoted|g" "$made/lib/musl-gcc.specs" >"$prefix/lib/musl-gcc.specs"
    # The script's words, not ours.
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nexec "${REALGCC:-gcc}" "$@" -specs "$(dirname "$0")/../lib/musl-gcc.specs"\n' \
        >"$prefix/bin/musl-gcc"
}

mkdir -p "$prefix"
# Two builds may share one cache (the sanitized one and the plain one): the second waits, and finds it done.
exec 9>"$prefix.lock"
flock 9
[ "$(cat "$prefix/built-from" 2>/dev/null)" != "$key" ] || exit 0
rm -rf "$prefix" "$work"
case $prefix in
*[!A-Za-z0-9/._+-]*)
    elsewhere=$(mktemp -d)
    trap 'rm -rf "$elsewhere"' EXIT
    work=$elsewhere/build made=$elsewhere/made
    ;;
esac
mkdir -p "$work" "$made" "$prefix"
tar -xf "$tarball" -C "$work" --strip-components=1
# Not `if (build)`: in a condition the shell would ignore set -e inside.
set +e
(set -e && build) >"$log" 2>&1
status=$?
set -e
if [ "$status" -ne 0 ]; then
    tail -n 20 "$log" >&2
    echo "heapwait: building $name failed; the whole log is $log" >&2
    rm -rf "$prefix" "$work"
    exit 1
fi
rm -rf "$work"
if [ "$made" != "$prefix" ]; then
    cp -a "$made/." "$prefix"
    [ "$name" != musl-oldmalloc ] || musl_move
fi
printf '%s\n' "$key" >"$prefix/built-from"
