/* Numbers as people read them. */
#include "analysis/base/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define G GROUP_SPACE
#define U UNIT_SPACE

static void test_counts_are_grouped(void **state)
{
    (void)state;
    char b[32];
    assert_string_equal(number_count(b, 0), "0");
    assert_string_equal(number_count(b, 999), "999");
    assert_string_equal(number_count(b, 1000), "1" G "000");
    assert_string_equal(number_count(b, 1234567), "1" G "234" G "567");
    assert_string_equal(number_count(b, 9999999999999999), "9" G "999" G "999" G "999" G "999" G "999");
    assert_string_equal(number_count(b, UINT64_MAX), "1.845e+19");
}

static void test_times_have_three_digits(void **state)
{
    (void)state;
    char b[32];
    assert_string_equal(number_ns(b, 0), "0" U "ns");
    assert_string_equal(number_ns(b, 999), "999" U "ns");
    assert_string_equal(number_ns(b, 1534), "1.53" U "µs");
    assert_string_equal(number_ns(b, 15340), "15.3" U "µs");
    assert_string_equal(number_ns(b, 999499), "999" U "µs");
    assert_string_equal(number_ns(b, 999500), "1.00" U "ms");
    assert_string_equal(number_ns(b, 9995000000), "10.0" U "s");
    assert_string_equal(number_ns(b, 3600000000000), "3600" U "s");
    assert_string_equal(number_ns(b, UINT64_MAX), "1.84e+10" U "s");
}

static void test_bytes_are_binary(void **state)
{
    (void)state;
    char b[32];
    assert_string_equal(number_bytes(b, 1023), "1023" U "B");
    assert_string_equal(number_bytes(b, 1024), "1.00" U "KiB");
    assert_string_equal(number_bytes(b, 10485760), "10.0" U "MiB");
    assert_string_equal(number_bytes(b, UINT64_MAX), "16.0" U "EiB");
}

static void test_ratios(void **state)
{
    (void)state;
    char b[32];
    assert_string_equal(number_ratio(b, 0.4), "0.40");
    assert_string_equal(number_ratio(b, 9.1607), "9.16");
    assert_string_equal(number_ratio(b, 1234.5), "1234");
}

static void test_shares_never_round_to_all_or_none(void **state)
{
    (void)state;
    char b[32];
    assert_string_equal(number_share(b, 0), "0" U "%");
    assert_string_equal(number_share(b, 1e-9), "< 0.01" U "%");
    assert_string_equal(number_share(b, 0.0513), "5.13" U "%");
    assert_string_equal(number_share(b, 0.5), "50.0" U "%");
    assert_string_equal(number_share(b, 0.99843), "99.84" U "%");
    assert_string_equal(number_share(b, 0.9999999), "> 99.99" U "%");
    assert_string_equal(number_share(b, 1), "100" U "%");
}

static void test_rates(void **state)
{
    (void)state;
    char b[32];
    assert_string_equal(number_rate(b, 0), "0");
    assert_string_equal(number_rate(b, 0.7243), "0.724");
    assert_string_equal(number_rate(b, 0.3), "0.3");
    assert_string_equal(number_rate(b, 0.000002), "0.000002");
    assert_string_equal(number_rate(b, 20), "20");
    assert_string_equal(number_rate(b, 1234), "1234");
}

static void test_median(void **state)
{
    (void)state;
    double one[] = {3}, odd[] = {9, 1, 5}, even[] = {4, 1, 8, 2};
    assert_float_equal(number_median(one, 1), 3, 0);
    assert_float_equal(number_median(odd, 3), 5, 0);
    assert_float_equal(number_median(even, 4), 3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_grouped),
        cmocka_unit_test(test_times_have_three_digits),
        cmocka_unit_test(test_bytes_are_binary),
        cmocka_unit_test(test_ratios),
        cmocka_unit_test(test_shares_never_round_to_all_or_none),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_median),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
