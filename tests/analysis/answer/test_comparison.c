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
    assert_int_equal(comparison_of(NAN, NAN, 0.96), COMPARISON_ONE_ROUND);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(three_outcomes), cmocka_unit_test(rounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
