/* How much work code can make that is written to be looked at again and again: functions that all call each
 * other and set bits of many words, so that each word may be oldmalloc's struct by each function that calls
 * each; and functions of one instruction, whose walk is work by itself.  Work is counted, not timed. */
#include "probes/names/musl_code.h"
#include "probes/names/musl_code_private.h"
#include "tests/probes/cmocka_test.h"

#include <stdlib.h>
#include <string.h>

enum { ADDRESS = 0x10000, ROOM = 4096, MOST_FUNCTIONS = 128 };

/* x86-64 code in the making. */
struct bytes {
    uint8_t at[ROOM];
    size_t size;
};

static void put(struct bytes *b, const char *bytes, size_t size)
{
    assert_true(b->size + size <= ROOM);
    memcpy(b->at + b->size, bytes, size);
    b->size += size;
}
#define PUT(b, text) put(b, text, sizeof(text) - 1)

/* The last 4 bytes of an instruction: how far it is from its end to the offset. */
static void put_distance(struct bytes *b, size_t offset)
{
    const int32_t distance = (int32_t)offset - (int32_t)(b->size + 4);
    put(b, (const char *)&distance, sizeof(distance));
}

/* `functions` of which each calls the last one and goes on in its code, which they have in common: it wakes
 * as musl's __unlock does, sets bits of `words` words and calls all functions. */
static void code_make(struct bytes *b, size_t functions, size_t words)
{
    enum { STUB = 10 };
    const size_t last = (functions - 1) * STUB;
    b->size = 0;
    for (size_t i = 0; i + 1 < functions; i++) {
        PUT(b, "\xe8"); /* call */
        put_distance(b, last);
        PUT(b, "\xe9"); /* jmp */
        put_distance(b, last + 1);
    }
    PUT(b, "\x90");                 /* the last one's beginning is its own */
    PUT(b, "\xb8\xff\xff\xff\x7f"); /* mov $0x7fffffff, %eax */
    PUT(b, "\xf0\x0f\xc1\x07");     /* lock xadd %eax, (%rdi) */
    PUT(b, "\xbe\x81\0\0\0");       /* mov $129, %esi */
    PUT(b, "\xba\x01\0\0\0");       /* mov $1, %edx */
    PUT(b, "\xb8\xca\0\0\0");       /* mov $202, %eax */
    PUT(b, "\x0f\x05");             /* syscall */
    for (size_t i = 0; i < words; i++) {
        PUT(b, "\xf0\x48\x09\x05"); /* lock or %rax, word(%rip) */
        put_distance(b, 0x100000 + 8 * i);
    }
    for (size_t i = 0; i < functions; i++) {
        PUT(b, "\xe8");
        put_distance(b, i + 1 < functions ? i * STUB : last);
    }
    PUT(b, "\xc3");
}

/* Reads the code; returns how much of the work that it may make is left. */
static size_t work_left(size_t functions, size_t words, size_t *size)
{
    static struct bytes b;
    code_make(&b, functions, words);
    uint8_t *bytes = malloc(b.size);
    assert_non_null(bytes);
    memcpy(bytes, b.at, b.size);
    struct musl_code *c = musl_code_of_bytes(bytes, b.size, ADDRESS, &machine_x86);
    assert_non_null(c); /* it was read, and looks like musl's */
    assert_int_equal(c->lock_function_count, 1);
    const size_t left = facts_left(c->facts);
    musl_code_free(c);
    *size = b.size;
    return left;
}

static void small_code_makes_little_work(void **state)
{
    (void)state;
    size_t size;
    const size_t left = work_left(20, 12, &size);
    assert_true(size < 479);
    assert_true(left > 0);
}

static void work_grows_with_the_code(void **state)
{
    (void)state;
    size_t size;
    assert_true(work_left(60, 16, &size) > 0);
    for (size_t functions = 2; functions <= MOST_FUNCTIONS; functions += 9)
        work_left(functions, 16, &size); /* and with more of them, it ends */
}

/* Each question is a walk from the function's beginning: it can't be asked about for ever. */
static void questions_end(void **state)
{
    enum { MOST_QUESTIONS = 2000 };
    (void)state;
    static struct bytes b;
    b.size = 0;
    PUT(&b, "\xe8\0\0\0\0\xc3\x90\x90"); /* call 1f; 1: ret; nop; nop */
    uint8_t *bytes = malloc(b.size);
    assert_non_null(bytes);
    memcpy(bytes, b.at, b.size);
    struct code *code = code_open(bytes, b.size, ADDRESS, &machine_x86);
    struct facts_table *t = facts_new(code);
    int questions = 0;
    assert_non_null(t);
    assert_non_null(facts_at(t, ADDRESS + 5));
    for (; questions < MOST_QUESTIONS && facts_left(t); questions++)
        assert_null(facts_around(t, ADDRESS + 7)); /* behind the function */
    assert_true(questions < MOST_QUESTIONS);
    assert_null(facts_at(t, ADDRESS + 5));
    facts_free(t);
    code_close(code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_code_makes_little_work),
        cmocka_unit_test(work_grows_with_the_code),
        cmocka_unit_test(questions_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
