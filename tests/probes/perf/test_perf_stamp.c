/* How lines of perf script begin. */
#include "probes/perf/perf_stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void times(void **state)
{
    (void)state;
    assert_true(perf_stamp_time("   1/2  3.5: x") == 3500000000u);
    assert_true(perf_stamp_time("   1/2  U     3.5: x") == 3500000000u);
    assert_int_equal(perf_stamp_time("   -1/0  0.000000000: PERF_RECORD_MMAP"), 0);
    assert_int_equal(perf_stamp_time("\t7f43 main (/a)"), 0);
    assert_int_equal(perf_stamp_time("# time of first sample : 3.5"), 0);
    assert_int_equal(perf_stamp_time("1/2"), 0);
    assert_int_equal(perf_stamp_time(""), 0);
}

static void modes(void **state)
{
    static const struct {
        const char *line;
        bool timeless;
        char mode;
        const char *rest;
    } cases[] = {
        {"  7/8  K     1.25: cycles: ", false, 'K', "cycles: "},
        {"  7/8  Sp    1.25: PERF_RECORD_SWITCH", false, 0, "PERF_RECORD_SWITCH"},
        {"  7/8  UM    1.25: x:", false, 'U', "x:"},
        {"  7/8        1.25: x:", false, 0, "x:"},
        {"  7/8  U     cycles:u: ", true, 'U', "cycles:u: "},
        {"  7/8        cycles:u: ", true, 0, "cycles:u: "},
        {"  7/8 page-faults: ", true, 0, "page-faults: "}, /* no letter of the mode, though it is one */
        {"  7/8 U: ", true, 0, "U: "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct perf_stamp stamp = {.time_ns = 5};
        const char *rest = perf_stamp_read(cases[i].line, cases[i].timeless, &stamp);
        assert_non_null(rest);
        assert_string_equal(rest, cases[i].rest);
        assert_int_equal(stamp.mode, cases[i].mode);
        assert_int_equal(stamp.pid, 7);
        assert_int_equal(stamp.tid, 8);
        assert_true(stamp.time_ns == (cases[i].timeless ? 5 : 1250000000u));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),
        cmocka_unit_test(modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
