#!/bin/sh
# stripped_programs.sh GCC MUSL_GCC ALLOCATORS CHECKOUT FOLDER: builds into FOLDER programs for static musl, each with a
# stripped twin, and writes FOLDER/list: a line each, "NAME ALLOCATOR LIBC.A".  ALLOCATORS holds what
# workload/allocators/build.sh has built; what isn't there is left out.
set -eu
gcc=$1 musl_gcc=$2 allocators=$3 checkout=$4 folder=$5
strip=$("$gcc" -print-prog-name=strip)
mkdir -p "$folder"
: >"$folder/list.new"

# The folder of a musl's libc.a: beside its compiler driver where that is our own, else by what it would link.
library_of()
{
    beside=$(dirname "$1")/../lib
    [ ! -f "$beside/musl-gcc.specs" ] || { echo "$beside" && return; }
    dirname "$("$1" -\#\#\# -x c /dev/null -o /dev/null 2>&1 | tr ' ' '\n' | grep '/crti\.o$')"
}

# compile OUT MODE FLAG SOURCE...: one relocatable object
compile()
{
    out=$1 mode=$2 flag=$3
    shift 3
    position=-fno-pie
    [ "$mode" = static ] || position=-fPIE
    "$musl_gcc" -std=gnu17 -D_GNU_SOURCE "$flag" $position -pthread -Wall -Wextra -I"$checkout" \
        -I"$checkout/workload/passwords" -r -nostdlib -no-pie "$@" -o "$out"
}

# link NAME ALLOCATOR MODE MUSL INPUT...: by hand, since musl-gcc's specs know no static-pie
link()
{
    name=$1 allocator=$2 mode=$3 library=$4
    shift 4
    first=$library/crt1.o linkage=-static
    [ "$mode" = static ] && linkage="-static -no-pie"
    [ "$mode" = static ] || first=$library/rcrt1.o linkage=-static-pie
    # shellcheck disable=SC2086 # linkage is words
    "$gcc" -nostdlib $linkage "$first" "$library/crti.o" "$@" "$library/libc.a" -lgcc -lgcc_eh "$library/libc.a" \
        "$library/crtn.o" -o "$folder/$name"
    "$strip" -o "$folder/$name.stripped" "$folder/$name"
    echo "$name $allocator $library/libc.a" >>"$folder/list.new"
}

musl=$(library_of "$(command -v "$musl_gcc")")
old=$allocators/musl-oldmalloc/lib
for mode in static static-pie; do
    for flag in -O2 -Os; do
        passwords=$folder/passwords-$mode$flag.o subject=$folder/subject-$mode$flag.o
        compile "$passwords" "$mode" "$flag" "$checkout"/workload/passwords/*.c
        compile "$subject" "$mode" "$flag" "$checkout/tests/probes/names/stripped_subject.c"
        link "musl-$mode$flag" mallocng "$mode" "$musl" "$passwords"
        link "subject-$mode$flag" mallocng "$mode" "$musl" "$subject"
        [ ! -f "$old/libc.a" ] || link "oldmalloc-$mode$flag" oldmalloc "$mode" "$old" "$passwords"
        [ ! -f "$old/libc.a" ] || link "subject-oldmalloc-$mode$flag" oldmalloc "$mode" "$old" "$subject"
        for guest in mimalloc jemalloc; do
            archive=$allocators/$guest/lib/lib$guest.a
            [ ! -f "$archive" ] || link "$guest-$mode$flag" "$guest" "$mode" "$musl" "$passwords" "$archive"
            [ ! -f "$archive" ] || link "guest-$guest-$mode$flag" "$guest" "$mode" "$musl" "$subject" "$archive"
        done
    done
done
rm -f "$folder"/passwords-*.o "$folder"/subject-*.o
mv "$folder/list.new" "$folder/list"
