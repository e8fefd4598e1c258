/* Placing labels and choosing tics: pure functions with exact answers. */
#include "plots/place.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_near(double a, double b)
{
    assert_true(fabs(a - b) < 1e-9);
}

static void far_apart_stay(void **state)
{
    (void)state;
    double at[] = {1, 9, 5};
    place_spread(at, 3, 2, 0, 10);
    assert_near(at[0], 1);
    assert_near(at[1], 9);
    assert_near(at[2], 5);
}

static void neighbours_share_the_way(void **state)
{
    (void)state;
    double at[] = {5, 5, 5};
    place_spread(at, 3, 1, 0, 10);
    assert_near(at[0], 4); /* equal ones in index order, the middle one stays */
    assert_near(at[1], 5);
    assert_near(at[2], 6);
}

static void borders_hold(void **state)
{
    (void)state;
    double at[] = {0, 0.1, 9.9, 10};
    place_spread(at, 4, 1, 0, 10);
    assert_near(at[0], 0);
    assert_near(at[1], 1);
    assert_near(at[2], 9);
    assert_near(at[3], 10);
}

static void too_many_are_spread_evenly(void **state)
{
    (void)state;
    double at[] = {3, 3, 3, 3, 3};
    place_spread(at, 5, 10, 0, 8);
    for (size_t i = 0; i < 5; i++)
        assert_near(at[i], 2.0 * (double)i);
}

/* Whatever the input: order kept, gaps kept, borders kept. */
static void always_holds(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 200; round++) {
        double at[12], before[12];
        for (size_t i = 0; i < 12; i++) {
            seed = seed * 1664525u + 1013904223u;
            before[i] = at[i] = (double)(seed >> 16) / 65536 * 20 - 5; /* some outside the borders */
        }
        place_spread(at, 12, 0.5, 0, 10);
        for (size_t i = 0; i < 12; i++) {
            assert_true(at[i] >= -1e-9 && at[i] <= 10 + 1e-9);
            for (size_t j = 0; j < 12; j++)
                if (before[i] < before[j])
                    assert_true(at[j] - at[i] >= 0.5 - 1e-9);
        }
    }
}

static void one_and_none(void **state)
{
    (void)state;
    double at[] = {12};
    place_spread(at, 0, 1, 0, 10);
    assert_near(at[0], 12);
    place_spread(at, 1, 1, 0, 10);
    assert_near(at[0], 10);
}

static void steps_are_round(void **state)
{
    (void)state;
    assert_near(place_step(2451, 3), 1000);
    assert_near(place_step(0.84, 3), 0.5);
    assert_near(place_step(9.16, 8), 2);
    assert_near(place_step(100, 4), 25);
    assert_near(place_step(10, 10), 1);
    assert_near(place_step(0, 3), 1);
    assert_near(place_step(NAN, 3), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(far_apart_stay),  cmocka_unit_test(neighbours_share_the_way),
        cmocka_unit_test(borders_hold),    cmocka_unit_test(too_many_are_spread_evenly),
        cmocka_unit_test(always_holds),    cmocka_unit_test(one_and_none),
        cmocka_unit_test(steps_are_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
