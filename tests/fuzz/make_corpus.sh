#!/bin/sh
# make_corpus.sh: how the seeds in corpus-elf and corpus-code were made (gcc, binutils, xz; x86-64).  They are kept in the tree, since
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

# corpus-code: the first byte says what follows (x86-64, aarch64, or "!": an archive).
cd ../corpus-code
cat >"$work/lock.c" <<'C'
volatile int __malloc_lock[1];
int table[9];
int taken(int a, int b)
{
    if (a * 7 + b > table[a & 7])
        __malloc_lock[0] = a ^ b * 3;
    table[b & 7] = a - b;
    return __malloc_lock[0] + a * b;
}
C
cat >"$work/code.c" <<'C'
static long call(long n, volatile int *l, long op, long v)
{
    long r;
    register long t __asm__("r10") = 0;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(l), "S"(op), "d"(v), "r"(t) : "rcx", "r11", "memory");
    return r;
}
volatile int word, other;
__attribute__((noinline, noclone)) static void take(volatile int *l)
{
    while (!__sync_bool_compare_and_swap(l, 0, (int)0x80000001))
        call(202, l, 0x80, *l);
}
__attribute__((noinline, noclone)) static void give(volatile int *l)
{
    if (__sync_fetch_and_add(l, 0x7fffffff) != (int)0x80000001)
        call(202, l, 0x81, 1);
}
void _start(void) { take(&word); give(&word); take(&other); give(&other); }
C
gcc -Os -w -c -fno-asynchronous-unwind-tables -fcf-protection=none "$work/lock.c" -o "$work/lock.o"
rm -f archive && ar rcD archive "$work/lock.o"
gcc -Os -w -nostdlib -static -fno-asynchronous-unwind-tables -fcf-protection=none "$work/code.c" -o "$work/code"
objcopy -O binary -j .text "$work/code" "$work/text"
{ printf '\002' && cat "$work/text"; } >x86
# Functions that call each other and set bits of many words: each word was tried once for each way to it.
{
    for i in $(seq 19); do echo "f$i: call last; jmp body"; done
    echo 'last: nop'
    # They are the assembler's.
    # shellcheck disable=SC2016
    echo 'body: mov $0x7fffffff, %eax; lock xadd %eax, (%rdi); mov $129, %esi; mov $1, %edx; mov $202, %eax; syscall'
    for i in $(seq 12); do echo "lock orq %rax, last + 0x100000 + 8 * $i(%rip)"; done
    for i in $(seq 19); do echo "call f$i"; done
    echo 'call last; ret'
} >"$work/words.s"
gcc -c "$work/words.s" -o "$work/words.o"
objcopy -O binary -j .text "$work/words.o" "$work/words"
{ printf '\002' && cat "$work/words"; } >x86-words
{ printf '\001' && printf '\342\007\001\062\002\374\137\210\003\374\004\210\001\020\200\322\110\014\200\322\001\000\000\324\300\003\137\326\371\377\377\227'; } >arm64
head -c 300 archive >archive-cut
