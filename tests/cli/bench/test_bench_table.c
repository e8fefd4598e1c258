/* The ratios of heapwait-bench: pairs of one round, their median, and the order statistics around it. */
#include "cli/bench/bench_table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Round i: untraced 100 + i, method 1 (i + 1) times that. */
static struct bench_case multiples(unsigned rounds)
{
    struct bench_case c = {.title = "multiples"};
    for (unsigned i = 0; i < rounds; i++) {
        c.ns[0][i] = 100 + i;
        c.ns[1][i] = (100 + i) * (i + 1);
    }
    return c;
}

static void assert_ratio(struct bench_ratio r, unsigned rounds, double median, double low, double high)
{
    assert_int_equal(r.rounds, rounds);
    assert_true(fabs(r.median - median) < 1e-9);
    assert_true(fabs(r.low - low) < 1e-9);
    assert_true(fabs(r.high - high) < 1e-9);
}

/* Ranks of the 95 % interval for the median: David and Nagaraja, "Order Statistics", 3rd ed., table in 7.1:
 * n = 6: 1 and 6; n = 9: 2 and 8; n = 25: 8 and 18. */
static void intervals(void **state)
{
    (void)state;
    struct bench_case c = multiples(25);
    assert_ratio(bench_ratio_of(&c, 1, 6), 6, 3.5, 1, 6);
    assert_ratio(bench_ratio_of(&c, 1, 9), 9, 5, 2, 8);
    assert_ratio(bench_ratio_of(&c, 1, 25), 25, 13, 8, 18);
    assert_ratio(bench_ratio_of(&c, 1, 1), 1, 1, 1, 1);
    assert_ratio(bench_ratio_of(&c, 0, 25), 25, 1, 1, 1);
}

/* A round without either of the two counts for neither. */
static void rounds_that_failed(void **state)
{
    (void)state;
    struct bench_case c = multiples(9);
    c.ns[1][0] = -1;
    c.ns[0][8] = -1;
    assert_ratio(bench_ratio_of(&c, 1, 9), 7, 5, 2, 8);
    for (unsigned i = 0; i < 9; i++)
        c.ns[1][i] = -1;
    assert_int_equal(bench_ratio_of(&c, 1, 9).rounds, 0);
}

/* What was thrown away is said always, what counts all the same only when there is such. */
static void slow_runs_are_told(void **state)
{
    char text[256];
    (void)state;
    bench_table_pace(&(struct pace_counts){.runs = 30, .repeated = 7}, text, sizeof(text));
    assert_non_null(strstr(text, "for 30 runs that count,\n7 were thrown away"));
    assert_null(strstr(text, "although"));
    bench_table_pace(&(struct pace_counts){.runs = 30, .repeated = 7, .disturbed = 2}, text, sizeof(text));
    assert_non_null(strstr(text, "; 2 count although it was slower"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(intervals), cmocka_unit_test(rounds_that_failed),
                                       cmocka_unit_test(slow_runs_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
