/* The bound of the gain, on cases whose answer follows from the two laws. */
#include "analysis/answer/answer_gain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define EXACTLY(value) ((struct estimate){value, value, value})

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) < 1e-9 * expected))
        fail_msg("%.12g, not %.12g", value, expected);
}

/* A run of 100 ns on two cores, which were busy with it all the time, unless a case says otherwise. */
static struct gain_facts full(double cause_cpu, double cause_thread)
{
    return (struct gain_facts){.wall_ns = 100,
                               .cores = 2,
                               .usable_cores = 2,
                               .foreign_ns = NAN,
                               .cpu_ns = 200,
                               .longest_ns = NAN,
                               .stretch = NAN,
                               .wanted_ns = 200,
                               .cause_cpu_ns = EXACTLY(cause_cpu),
                               .cause_thread_ns = cause_thread};
}

/* All cores are busy: what is left of the work takes its time. */
static void work_bounds(void **state)
{
    (void)state;
    const struct gain_facts f = full(90, 1000);
    assert_near(answer_gain(&f).value, 100.0 / 55);
}

/* Little waiting can't lie on the critical path more than once. */
static void waiting_bounds(void **state)
{
    (void)state;
    struct gain_facts f = full(1, 4);
    f.cpu_ns = 20;
    assert_near(answer_gain(&f).value, 100.0 / 96);
}

/* A thread stood in line for nine times as long as it ran: with less to run it would stand there less. */
static void line_belongs_to_work(void **state)
{
    (void)state;
    struct gain_facts f = full(1, 4);
    f.cpu_ns = 20;
    f.foreign_ns = 180; /* no core was idle */
    assert_near(answer_gain(&f).value, 20.0 / 19);
    f.stretch = 10;
    f.cores = f.usable_cores = 64; /* no bound by work */
    f.foreign_ns = NAN;
    assert_near(answer_gain(&f).value, 100.0 / (100 - 3 - 10));
}

/* Without the cause, what is none takes nothing away, on a full machine as on an idle one. */
static void nothing_gains_nothing(void **state)
{
    (void)state;
    struct gain_facts f = full(0, 0);
    f.cpu_ns = 80;
    f.foreign_ns = 100;
    assert_near(answer_gain(&f).value, 1);
    f.foreign_ns = 0;
    assert_near(answer_gain(&f).value, 1);
}

static void busiest_thread_bounds(void **state)
{
    (void)state;
    struct gain_facts f = full(10, 1000);
    f.cpu_ns = 110;
    f.longest_ns = 90;
    assert_near(answer_gain(&f).value, 100.0 / 80);
}

/* Threads slept for most of it, and the cores were idle: others may have worked then, or all waited for one.
 */
static void sleepers_may_not_matter(void **state)
{
    (void)state;
    struct gain_facts f = full(2, 62);
    f.cpu_ns = 60;
    f.foreign_ns = 0;
    f.cause_blocked_ns = 60;
    const struct estimate gain = answer_gain(&f);
    assert_near(gain.low, 100.0 / 98);
    assert_near(gain.value, 100.0 / 38);
}

/* More threads than CPUs: of a machine of two the program may use one, which was busy with it. */
static void one_core_is_usable(void **state)
{
    (void)state;
    struct gain_facts f = full(1, 300);
    f.cpu_ns = 97;
    f.foreign_ns = 20;
    f.usable_cores = 1;
    assert_near(answer_gain(&f).value, 100.0 / 96);
}

/* Others had one and a half of the two cores: the half that was left was busy all the time. */
static void others_count(void **state)
{
    (void)state;
    struct gain_facts f = full(5, 1000);
    f.cpu_ns = 50;
    f.foreign_ns = 150;
    assert_near(answer_gain(&f).value, 50.0 / 45);
}

/* Half of the threads slept: awake they would ask for as much again, and get it at most.  That is taken from
 * others, and no cost of the lock. */
static void who_wakes_asks_too(void **state)
{
    (void)state;
    struct gain_facts f = full(5, 1000);
    f.cpu_ns = 50;
    f.foreign_ns = 150;
    f.wanted_ns = f.cause_blocked_ns = 300;
    assert_near(answer_gain(&f).value, 50.0 / 45);
    assert_near(answer_gain(&f).low, 50.0 / 45);
    assert_near(answer_gain(&f).high, 100.0 / 45);
    f.wanted_ns = 0; /* not known: all of the machine, at most */
    assert_near(answer_gain(&f).value, 50.0 / 45);
    assert_near(answer_gain(&f).high, 200.0 / 45);
}

/* Others' time is read from a clock of its own: what the program had, it had. */
static void others_take_no_more_than_there_is(void **state)
{
    (void)state;
    struct gain_facts f = full(100, 1000);
    f.foreign_ns = 150;
    assert_near(answer_gain(&f).value, 2);
}

static void never_slower(void **state)
{
    (void)state;
    struct gain_facts f = full(0, 0);
    f.cpu_ns = 220; /* clocks differ */
    assert_near(answer_gain(&f).value, 1);
}

static void interval_goes_by_the_cause(void **state)
{
    (void)state;
    struct gain_facts f = full(90, 1000);
    f.cause_cpu_ns = (struct estimate){90, 40, 120};
    const struct estimate gain = answer_gain(&f);
    assert_near(gain.low, 100.0 / 80);
    assert_near(gain.high, 100.0 / 40);
}

static void unknown(void **state)
{
    (void)state;
    struct gain_facts f = full(NAN, 10);
    assert_true(isnan(answer_gain(&f).value));
    f = full(1, 1000);
    f.cpu_ns = NAN; /* only waiting is known, and it is more than the time that passed */
    assert_true(isinf(answer_gain(&f).value));
    f = full(1, 10);
    f.wall_ns = NAN;
    assert_true(isnan(answer_gain(&f).value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_bounds),
        cmocka_unit_test(waiting_bounds),
        cmocka_unit_test(line_belongs_to_work),
        cmocka_unit_test(nothing_gains_nothing),
        cmocka_unit_test(busiest_thread_bounds),
        cmocka_unit_test(sleepers_may_not_matter),
        cmocka_unit_test(one_core_is_usable),
        cmocka_unit_test(others_count),
        cmocka_unit_test(who_wakes_asks_too),
        cmocka_unit_test(others_take_no_more_than_there_is),
        cmocka_unit_test(never_slower),
        cmocka_unit_test(interval_goes_by_the_cause),
        cmocka_unit_test(unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
