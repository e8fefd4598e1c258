#!/bin/sh
# make_corpus.sh: how the seeds in corpus-elf were made (gcc, binutils, xz; x86-64).  They are kept in the tree, since
# another linker makes other bytes.  Files of a few KiB: each kind that the reader treats differently, whole and cut.
set -eu
cd "$(dirname "$0")/corpus-elf"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/a.c" <<'C'
struct queue { int size; int lock; };
static struct { char *name; struct queue queue[4]; } pool;
int mal[4];
void *malloc(unsigned long n) { return (char *)mal + (pool.queue[2].lock += (int)n); }
void mi_malloc(void) { malloc(4); }
void _start(void) { mi_malloc(); }
C
small="-Os -w -nostdlib -fno-asynchronous-unwind-tables -fcf-protection=none -Wl,-z,noseparate-code -Wl,-z,max-page-size=16 -Wl,--hash-style=gnu"
build()
{
    name=$1
    shift
    # One word per option.
    # shellcheck disable=SC2086
    gcc $small "$@" "$work/a.c" -o "$name"
}
build static -static -Wl,--build-id
build static-pie -static-pie -fPIE -Wl,--build-id
build library -shared -fPIC -Wl,--build-id -Wl,-soname,libjemalloc.so.2
build "$work/debug" -static -g -Wl,--build-id
objcopy --only-keep-debug "$work/debug" debug
cp static "$work/mini" && strip --strip-all "$work/mini"
objcopy --only-keep-debug static "$work/mini-debug" && xz -k "$work/mini-debug"
objcopy --add-section .gnu_debugdata="$work/mini-debug.xz" "$work/mini" debugdata
cp static stripped && strip --strip-all stripped
chmod -x ./*
for n in 4 63 64 100 200 400 900; do head -c "$n" static >"cut-$n"; done
