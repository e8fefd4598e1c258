#!/bin/sh
# variant.sh VARIANTS.TSV NAME VERSION: proves from the executable itself that a variant is what its row says: linkage
# and libc from its program headers, the allocator from its symbols (static) or what malloc binds to (dynamic),
# and from the program VERSION the version of such a library.
# Exits with 77 (skipped) when the row says that the variant is absent, and tells why.
set -u
table=$1 name=$2 version=$3
tab=$(printf '\t')
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

row=$(grep "^$name$tab" "$table") || { echo "no row for $name in $table"; exit 1; }
cell()
{
    printf '%s\n' "$row" | cut -f "$1"
}
libc=$(cell 2) linkage=$(cell 3) allocator=$(cell 4) program=$(cell 5) absent=$(cell 6)

fail()
{
    echo "FAILED: $name: $*"
    exit 1
}

if [ -n "$absent" ]; then
    echo "SKIPPED: $name is absent: $absent"
    [ ! -e "${table%/*}/passwords-$name" ] || fail "it is said to be absent but the program is there"
    exit 77
fi
[ -x "$program" ] || fail "it is said to be present but there is no $program"
LC_ALL=C readelf -lWd "$program" >"$scratch/headers"
LC_ALL=C nm "$program" >"$scratch/symbols" || fail "it has no symbol table"
[ -s "$scratch/symbols" ] || fail "its symbol table is empty"

# has SYMBOL: it is defined in the program
has()
{
    grep -Eq "^[0-9a-f]+ [A-Za-z] $1\$" "$scratch/symbols"
}

check_linkage()
{
    case $linkage in
    static) grep -q 'INTERP' "$scratch/headers" && fail "static, but it asks for a loader" ;;
    dynamic) grep -q 'INTERP' "$scratch/headers" || fail "dynamic, but it asks for no loader" ;;
    *) fail "unknown linkage $linkage" ;;
    esac
    [ "$linkage" = dynamic ] || ! grep -q NEEDED "$scratch/headers" || fail "static, but it needs libraries"
}

# What tells musl from glibc: the loader asked for when dynamic; else a symbol that only one of them has.
check_libc()
{
    case $linkage/$libc in
    dynamic/glibc*) grep -q 'interpreter: .*/ld-linux' "$scratch/headers" || fail "not glibc's loader" ;;
    dynamic/musl*) grep -q 'interpreter: .*/ld-musl-' "$scratch/headers" || fail "not musl's loader" ;;
    static/glibc*) has _IO_2_1_stdout_ || fail "not glibc inside" ;;
    static/musl*) has __init_libc || fail "not musl inside" ;;
    *) fail "unknown libc $libc" ;;
    esac
    [ "${libc#* }" != "$libc" ] || fail "its libc has no version: $libc"
}

# Each allocator's own symbols, present; and that of the others, not there.
check_static_allocator()
{
    found=''
    has __malloc_context && found="$found mallocng"
    has mal && found="$found oldmalloc"
    has main_arena && found="$found ptmalloc"
    has je_malloc_conf || has malloc_conf && found="$found jemalloc"
    has mi_malloc && found="$found mimalloc"
    case $found in
    *' jemalloc'* | *' mimalloc'*) wanted=${allocator%% *} ;;
    *) wanted=$allocator ;;
    esac
    [ "$found" = " $wanted" ] || fail "its allocator is $allocator, but inside is:$found"
    has malloc || fail "it has no malloc"
}

# check_glibc_bindings LIBRARY: the loader, asked, says where the program's malloc, realloc and free come from.
check_glibc_bindings()
{
    LD_DEBUG=bindings LD_BIND_NOW=1 LD_DEBUG_OUTPUT=$scratch/bindings \
        "$program" --passwords 1 --threads 1 >/dev/null
    for function in malloc realloc free; do
        line="binding file .*passwords-[^ ]* \[0\] to ([^ ]+) \[0\]: normal symbol .$function'"
        library=$(sed -nE "s/.*$line.*/\1/p" "$scratch"/bindings.*)
        case $library in
        */$1) ;;
        *) fail "its $function comes from '$library' instead of $1" ;;
        esac
    done
}

# The version in the row is the library's own.
check_version()
{
    told=$(LD_PRELOAD=$(echo "$library" | head -n 1) "$version" | sed 's/gperftools //; s/-.*//')
    [ "$told" = "$allocator" ] || fail "its label is '$allocator', the library says '$told'"
}

check_dynamic_allocator()
{
    case $libc/$allocator in
    musl*/mallocng) ;; # musl's loader is its libc: the only library there is, and checked above
    glibc*/ptmalloc) check_glibc_bindings 'libc.so.6' ;;
    glibc*/jemalloc*) check_glibc_bindings 'libjemalloc.so*' && check_version ;;
    glibc*/mimalloc*) check_glibc_bindings 'libmimalloc.so*' && check_version ;;
    glibc*/tcmalloc*) check_glibc_bindings 'libtcmalloc_minimal.so*' && check_version ;;
    *) fail "unknown allocator $allocator with $libc" ;;
    esac
}

check_run()
{
    count=$("$program" --passwords 1003 --threads 3 --print 2>"$scratch/timing" |
        grep -Ecx '[A-Za-z0-9+/]{35}=')
    [ "$count" = 1003 ] || fail "1003 passwords asked for, $count printed"
    grep -Eqx 'Generating 1003 passwords with 3 threads took [0-9]+ ms' "$scratch/timing" ||
        fail "it said: $(cat "$scratch/timing")"
}

# A failed allocation is told in one line and nothing is printed: 10 million passwords don't fit in 300 MB.
check_out_of_memory()
{
    prlimit --as=300000000 "$program" --passwords 10000000 --threads 2 --source prng --print \
        >"$scratch/out" 2>"$scratch/err"
    [ $? -eq 1 ] || fail "out of memory, it must exit with 1"
    [ ! -s "$scratch/out" ] || fail "out of memory, it printed passwords"
    grep -Eq '^passwords: out of memory ' "$scratch/err" ||
        fail "out of memory, it said: $(cat "$scratch/err")"
}

check_linkage
check_libc
"check_${linkage}_allocator"
check_run
check_out_of_memory
echo "$name: $libc, $linkage, $allocator"
