/* A thread's times: their sum is its lifetime, whatever the account holds. */
#include "probes/run/thread_times.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t sum_of(const uint64_t *ns)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < STATE_COUNT; i++)
        sum += ns[i];
    return sum;
}

static void estimates_come_out_of_user(void **state)
{
    (void)state;
    const struct thread_record r = {.ns = {[STATE_USER] = 1000, [STATE_SYSCALL] = 50},
                                    .estimated_ns = {[STATE_SYSCALL] = 300, [STATE_MEMORY] = 100}};
    uint64_t ns[STATE_ROOM];
    assert_true(thread_times(&r, ns));
    assert_int_equal(ns[STATE_USER], 600);
    assert_int_equal(ns[STATE_SYSCALL], 350);
    assert_int_equal(ns[STATE_MEMORY], 100);
}

/* By their shares. */
static void no_more_than_there_is(void **state)
{
    (void)state;
    const struct thread_record r = {.ns = {[STATE_USER] = 200, [STATE_SYSCALL] = 50},
                                    .estimated_ns = {[STATE_SYSCALL] = 300, [STATE_MEMORY] = 100}};
    uint64_t ns[STATE_ROOM];
    assert_true(thread_times(&r, ns));
    assert_int_equal(ns[STATE_USER], 0);
    assert_int_equal(ns[STATE_SYSCALL], 200);
    assert_int_equal(ns[STATE_MEMORY], 50);
}

/* As it was seen once, in a thread of 693 663 ns. */
static void timed_calls_are_cut(void **state)
{
    (void)state;
    struct thread_record r = {.ns = {[STATE_SYSCALL] = 1032279, [STATE_WOKEN] = 3358, [STATE_MEMORY] = 1595},
                              .estimated_ns = {[STATE_SYSCALL] = 5000000}};
    uint64_t ns[STATE_ROOM];
    r.ns[STATE_USER] = 0 - (uint64_t)343569;
    assert_false(thread_times(&r, ns));
    assert_int_equal(sum_of(ns), 693663);
    assert_int_equal(ns[STATE_USER], 0);
    assert_int_equal(ns[STATE_SYSCALL], 693663 - 3358 - 1595);
    /* One state alone may not be enough. */
    r = (struct thread_record){.ns = {[STATE_SYSCALL] = 60, [STATE_MEMORY] = 50, [STATE_WOKEN] = 10}};
    r.ns[STATE_USER] = 0 - (uint64_t)100;
    assert_false(thread_times(&r, ns));
    assert_int_equal(sum_of(ns), 20);
    assert_int_equal(ns[STATE_SYSCALL], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimates_come_out_of_user),
        cmocka_unit_test(no_more_than_there_is),
        cmocka_unit_test(timed_calls_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
