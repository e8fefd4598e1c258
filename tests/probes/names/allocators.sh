#!/bin/sh
# The allocator of a process is told right, whichever library was put before it, and a program that waits only for its
# own locks has no malloc lock waits.  $1: heapwait, $2: names_subject, $3: how the static variants' paths begin.
set -u
heapwait=$1 subject=$2 variants=$3
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

fail() { echo "FAILED: $*"; failed=1; }
query() { sqlite3 -readonly run.db "$1"; }

# told NAME ALLOCATOR EVIDENCE-PATTERN: what the recording says of the run
told()
{
    got=$(query "SELECT allocator FROM run")
    [ "$got" = "$2" ] || fail "$1: the allocator is '$got', not $2"
    evidence=$(query "SELECT allocator_evidence FROM run")
    # The pattern is one.
    # shellcheck disable=SC2254
    case $evidence in
    $3) ;;
    *) fail "$1: the evidence is '$evidence', not like $3" ;;
    esac
}

# own NAME: the program's waits are counted, and none is malloc's.
own()
{
    grep -q "No malloc lock waits\." log || { fail "$1: a malloc lock wait in:"; cat log; }
    waits=$(query "SELECT sum(calls) FROM lock JOIN lock_outcome ON lock_id = id WHERE op = 'wait' AND NOT is_malloc")
    [ "$waits" -ge 60 ] || fail "$1: of the program's own waits $waits were seen"
}

library()
{
    for place in /usr/lib/*-linux-gnu /usr/lib64 /usr/lib /usr/lib/llvm-*/lib/clang/*/lib/linux; do
        for file in "$place"/$1; do
            [ -e "$file" ] && echo "$file" && return
        done
    done
    return 1
}

# preload FILE-PATTERN ALLOCATOR
tried=0
preload()
{
    file=$(library "$1") || { echo "$1 is not there: not tried"; return; }
    tried=$((tried + 1))
    "$heapwait" record -o run.db -- env LD_PRELOAD="$file" "$subject" own >log 2>&1 ||
        { fail "$1: it ended with $?"; cat log; return; }
    told "$1" "$2" "malloc is *'s, known by the file's name"
    own "$1"
}

"$heapwait" record -o run.db -- "$subject" own >log 2>&1
told "the C library's own" ptmalloc "malloc is libc.so.6's*"
own "the C library's own"
preload 'libjemalloc.so.2' jemalloc
preload 'libmimalloc.so.2' mimalloc
preload 'libtcmalloc_minimal.so.4' tcmalloc
preload 'libtcmalloc.so.4' tcmalloc
preload 'libtbbmalloc_proxy.so.2' tbbmalloc
preload 'libclang_rt.scudo_standalone-*64.so' scudo
preload 'libclang_rt.scudo-*64.so' scudo # the older one, up to LLVM 14
# A sanitizer's runtime holds malloc and much more: by what it has, not by its file's name.
for sanitizer in "libasan.so.[0-9] AddressSanitizer __asan_init" "liblsan.so.[0-9] LeakSanitizer __lsan_init" \
    "libtsan.so.[0-9] ThreadSanitizer __tsan_init"; do
    # shellcheck disable=SC2086 # three words
    set -- $sanitizer
    file=$(library "$1") || { echo "$1 is not there: not tried"; continue; }
    "$heapwait" record -o run.db -- env LD_PRELOAD="$file" ASAN_OPTIONS=detect_leaks=0 LSAN_OPTIONS=detect_leaks=0 "$subject" \
        own >log 2>&1 || { fail "$1: it ended with $?"; cat log; continue; }
    told "$1" "$2" "malloc is *'s, which has $3"
    own "$1"
done
[ "$tried" -gt 0 ] || fail "no allocator's library is there: nothing was tried"

# Linked in: the password program, with waits for nothing but its threads' ends.
static()
{
    [ -x "$variants-$1" ] || { echo "$1 is not there: not tried"; return; }
    "$heapwait" record -o run.db -- "$variants-$1" --threads 2 --passwords 20000 >log 2>&1 || fail "$1: it ended with $?"
    told "$1" "$2" "malloc is passwords-*"
    got=$(query "SELECT count(*) FROM lock WHERE is_malloc AND allocator <> '$2'")
    [ "$got" = 0 ] || fail "$1: locks of another allocator: $(query 'SELECT name, allocator FROM lock WHERE is_malloc')"
}
static musl mallocng
static musl-oldmalloc oldmalloc
static musl+jemalloc jemalloc
static musl+mimalloc mimalloc
static glibc-static ptmalloc
exit "$failed"
