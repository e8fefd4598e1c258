/* Three things that a comparison may say, and how many rounds it would take. */
#include "analysis/answer/comparison.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void three_outcomes(void **state)
{
    (void)state;
    assert_int_equal(comparison_of(1.2, 1.9, 0.96), COMPARISON_LONGER);
    assert_int_equal(comparison_of(0.4, 0.99, 0.96), COMPARISON_SHORTER);
    assert_int_equal(comparison_of(0.97, 1.02, 0.96), COMPARISON_SAME);
    assert_int_equal(comparison_of(0.95, 1.05, 0.96), COMPARISON_SAME);
    assert_int_equal(comparison_of(0.94, 1.83, 0.96), COMPARISON_UNSURE);
    assert_int_equal(comparison_of(0.99, 1.06, 0.96), COMPARISON_UNSURE);
    assert_int_equal(comparison_of(1, 1, 0.96), COMPARISON_SAME);
    assert_int_equal(comparison_of(1.2, 1.2, 0), COMPARISON_ONE_ROUND);
    assert_int_equal(comparison_of(NAN, NAN, 0), COMPARISON_ONE_ROUND);
    assert_int_equal(comparison_of(NAN, NAN, 0.96), COMPARISON_FEW_ROUNDS);
}

/* All of n rounds lie on one side of the median with 2 / 2^n: 1 / 32 of 6 is less than 0.05, twice that
 * isn't. */
static void least_rounds(void **state)
{
    (void)state;
    static const struct {
        double comparisons;
        unsigned rounds;
    } known[] = {{0, 6}, {1, 6},  {2, 7},   {3, 7},   {4, 8},   {6, 8},
                 {7, 9}, {12, 9}, {13, 10}, {25, 10}, {26, 11}, {36, 11}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_int_equal(comparison_rounds_least(known[i].comparisons), known[i].rounds);
    for (double m = 1; m < 1000; m++) {
        const double rounds = comparison_rounds_least(m);
        assert_true(m * 2 * pow(2, -rounds) <= 0.05 && m * 2 * pow(2, 1 - rounds) > 0.05);
    }
}

/* Half as wide an interval takes four times as many rounds. */
static void rounds(void **state)
{
    (void)state;
    /* from half a width of ln 1.2 to one of ln 1.1 */
    const double wanted = comparison_rounds(1.1, 1.1 / 1.2, 1.1 * 1.2, 9);
    assert_int_equal((int)wanted, (int)ceil(9 * pow(log(1.2) / log(1.1), 2)));
    /* to be the same within 5 %, a value of 1 wants half a width of ln 1.05 */
    assert_int_equal((int)comparison_rounds(1, 1 / 1.05 / 1.05, 1.05 * 1.05, 10), 40);
    /* never fewer than there were */
    assert_int_equal((int)comparison_rounds(1.3, 0.999, 1.31, 6), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(three_outcomes), cmocka_unit_test(least_rounds),
                                       cmocka_unit_test(rounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
