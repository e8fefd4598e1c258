/* Which threads descend from a command and are alive: forks of others, execs, exits, numbers used again. */
#include "probes/perf/perf_family.h"
#include "tests/probes/cmocka_test.h"

static struct perf_family *f;

static void of_one_command(void **state)
{
    (void)state;
    f = perf_family_new();
    assert_non_null(f);
    perf_family_fork(f, 5, 5, 4); /* before the command: somebody's */
    assert_int_equal(perf_family_count(f), 0);
    perf_family_exec(f, 20);
    perf_family_fork(f, 20, 21, 20);
    perf_family_fork(f, 30, 30, 21); /* a child of a thread */
    perf_family_fork(f, 40, 40, 5);  /* another command's, in a session of the whole machine */
    assert_int_equal(perf_family_count(f), 3);
    assert_true(perf_family_has(f, 30));
    assert_false(perf_family_has(f, 40));
    perf_family_exit(f, 5);
    perf_family_exit(f, 20); /* its first thread ends, the others go on */
    perf_family_fork(f, 20, 22, 21);
    assert_int_equal(perf_family_count(f), 3);
    perf_family_exec(f, 20); /* by another thread: it becomes the first */
    assert_int_equal(perf_family_count(f), 2);
    assert_true(perf_family_has(f, 20) && perf_family_has(f, 30));
    perf_family_exit(f, 20);
    perf_family_exit(f, 30);
    perf_family_exit(f, 30);
    assert_int_equal(perf_family_count(f), 0);
    perf_family_free(f);
}

static void many(void **state)
{
    enum { MANY = 10000 };
    (void)state;
    f = perf_family_new();
    assert_non_null(f);
    perf_family_exec(f, 1);
    for (uint32_t i = 2; i <= MANY; i++)
        perf_family_fork(f, i % 2 ? 1 : i, i, i - 1);
    assert_int_equal(perf_family_count(f), MANY);
    perf_family_exec(f, 1); /* its threads have odd numbers */
    assert_int_equal(perf_family_count(f), MANY / 2 + 1);
    perf_family_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_one_command),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
