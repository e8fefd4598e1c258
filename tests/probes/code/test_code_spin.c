/* Loops that wait by spinning, and loops that look like it: code of both machines, as compilers write it. */
#include "probes/code/code_spin.h"
#include "tests/probes/cmocka_test.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 64, NO = -1 };

/* Each instruction that lies from `from` on and before `until` spins; no other does.  NO: none. */
static const struct loop {
    const char *name;
    const struct machine *machine;
    uint8_t bytes[MOST];
    size_t size;
    int from, until;
    uint8_t starts[16]; /* where instructions begin; ends with 0 but for the first */
} loops[] = {
    /* 1: xchg %eax,(%rdi); test %eax,%eax; jne 1b; ret */
    {"test-and-set", &machine_x86, {0x87, 0x07, 0x85, 0xc0, 0x75, 0xfa, 0xc3}, 7, 0, 6, {0, 2, 4, 6}},
    /* 1: mov (%rdi),%eax; test %eax,%eax; jne 1b; ret */
    {"test and test", &machine_x86, {0x8b, 0x07, 0x85, 0xc0, 0x75, 0xfa, 0xc3}, 7, 0, 6, {0, 2, 4, 6}},
    /* 1: pause; sub $1,%ecx; jne 1b; ret */
    {"pause", &machine_x86, {0xf3, 0x90, 0x83, 0xe9, 0x01, 0x75, 0xf9, 0xc3}, 8, 0, 7, {0, 2, 5, 7}},
    /* 1: mov (%rdi),%eax; add $4,%rdi; test %eax,%eax; jne 1b: it walks through memory */
    {"search",
     &machine_x86,
     {0x8b, 0x07, 0x48, 0x83, 0xc7, 0x04, 0x85, 0xc0, 0x75, 0xf6, 0xc3},
     11,
     NO,
     NO,
     {0, 2, 6, 8, 10}},
    /* 1: mov -4(%rbp),%eax; test %eax,%eax; jne 1b: its own variable */
    {"own variable", &machine_x86, {0x8b, 0x45, 0xfc, 0x85, 0xc0, 0x75, 0xf9, 0xc3}, 8, NO, NO, {0, 3, 5, 7}},
    /* 1: mov (%rdi),%rdi; test %rdi,%rdi; jne 1b: it follows a list */
    {"list", &machine_x86, {0x48, 0x8b, 0x3f, 0x48, 0x85, 0xff, 0x75, 0xf8, 0xc3}, 9, NO, NO, {0, 3, 6, 8}},
    /* 1: pause; call; jmp 1b */
    {"call", &machine_x86, {0xf3, 0x90, 0xe8, 0, 0, 0, 0, 0xeb, 0xf7}, 9, NO, NO, {0, 2, 7}},
    /* 1: pause; mov %eax,(%rsi); jmp 1b: it does work */
    {"store", &machine_x86, {0xf3, 0x90, 0x89, 0x06, 0xeb, 0xfa}, 6, NO, NO, {0, 2, 4}},
    /* 1: mov $1,%eax; lock cmpxchg %edx,(%rdi); jne 1b: a counter's */
    {"counter",
     &machine_x86,
     {0x8b, 0x07, 0x8d, 0x50, 0x01, 0xf0, 0x0f, 0xb1, 0x17, 0x75, 0xf5, 0xc3},
     12,
     NO,
     NO,
     {0, 2, 5, 9, 11}},
    /* 1: ldr x1,[x0]; cbnz x1,1b; ret */
    {"load",
     &machine_arm64,
     {0x01, 0x00, 0x40, 0xf9, 0xe1, 0xff, 0xff, 0xb5, 0xc0, 0x03, 0x5f, 0xd6},
     12,
     0,
     8,
     {0, 4, 8}},
    /* 1: yield; sub w1,w1,#1; cbnz w1,1b; ret */
    {"yield",
     &machine_arm64,
     {0x3f, 0x20, 0x03, 0xd5, 0x21, 0x04, 0x00, 0x51, 0xc1, 0xff, 0xff, 0x35, 0xc0, 0x03, 0x5f, 0xd6},
     16,
     0,
     12,
     {0, 4, 8, 12}},
    /* 1: sub w1,w1,#1; cbnz w1,1b; ret: it counts */
    {"count",
     &machine_arm64,
     {0x21, 0x04, 0x00, 0x51, 0xe1, 0xff, 0xff, 0x35, 0xc0, 0x03, 0x5f, 0xd6},
     12,
     NO,
     NO,
     {0, 4, 8}},
};

static void tells_loops(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
        const struct loop *l = &loops[i];
        for (size_t k = 0; k == 0 || l->starts[k]; k++) {
            const int at = l->starts[k];
            const bool expected = at >= l->from && at < l->until;
            if (code_spin_at(l->bytes, l->size, (size_t)at, 0x1000, l->machine) != expected)
                fail_msg("%s: the instruction at %d is%s said to spin", l->name, at, expected ? " not" : "");
        }
    }
}

/* Bytes that are cut, or no code, end it. */
static void reads_no_further(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++)
        for (size_t size = 0; size <= loops[i].size; size++) {
            uint8_t *bytes = malloc(size ? size : 1);
            assert_non_null(bytes);
            memcpy(bytes, loops[i].bytes, size);
            for (size_t at = 0; at < size; at++)
                code_spin_at(bytes, size, at, UINT64_MAX - 2, loops[i].machine);
            free(bytes);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_loops),
        cmocka_unit_test(reads_no_further),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
