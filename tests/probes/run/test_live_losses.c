/* Losses are told by the look that finds them, once; also across a renewal. */
#include "probes/run/live_losses.h"
#include "tests/probes/cmocka_test.h"

static void of_one_look(void **state)
{
    struct live_losses l = {0};
    int most = 7;
    (void)state;
    assert_int_equal(live_losses_take(&l, (const uint64_t[]){0, 0, 0}, 3, &most), 0);
    assert_int_equal(most, -1);
    assert_int_equal(live_losses_take(&l, (const uint64_t[]){2, 0, 5}, 3, &most), 7);
    assert_int_equal(most, 2);
    assert_int_equal(live_losses_take(&l, (const uint64_t[]){2, 0, 5}, 3, &most), 0);
    assert_int_equal(most, -1);
    assert_int_equal(live_losses_take(&l, (const uint64_t[]){3, 0, 5}, 3, &most), 1);
    assert_int_equal(most, 0);
}

static void across_a_renewal(void **state)
{
    struct live_losses l = {0};
    int most;
    (void)state;
    live_losses_take(&l, (const uint64_t[]){10, 20}, 2, &most);
    live_losses_carry(&l, (const uint64_t[]){11, 24}, 2);
    assert_int_equal(live_losses_take(&l, (const uint64_t[]){2, 0}, 2, &most), 1 + 2 + 4);
    assert_int_equal(most, 1);
    assert_int_equal(live_losses_take(&l, (const uint64_t[]){2, 0}, 2, &most), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_one_look),
        cmocka_unit_test(across_a_renewal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
