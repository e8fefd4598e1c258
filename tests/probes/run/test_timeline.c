/* What mode ledger tells beside the account: the timeline of a window, and samples of user code.
 * Needs the privilege to trace: without it the whole file ends with 77, which CTest counts as skipped. */
#include "probes/measurement/measurement.h"
#include "tests/probes/run/trial.h"

#include <string.h>

/* With one session for all tests: to attach and detach takes the kernel about a second. */
static struct measure_options plain = {.probes = PROBES_LEDGER,
                                       .sample_period_ns = SAMPLE_PERIOD_NS,
                                       .timeline_after_ns = 100000000,
                                       .timeline_length_ns = TIMELINE_LENGTH_NS};

/* Threads at work for 150 ms and more, and a window that opens 100 ms after the exec: each thread's
 * stretches, which trial_run() has seen to follow each other, cover the window. */
static void timeline_covers_its_window(void **state)
{
    struct trial t;
    (void)state;
    trial_run(&t, &plain, LEDGER_SUBJECT, "known", NULL);
    const struct ledger *l = t.m->ledger;
    uint32_t threads = 0;
    for (size_t i = 0; i < l->stretch_count; i++) {
        bool last = i + 1 == l->stretch_count || l->timeline[i + 1].thread != l->timeline[i].thread;
        if (last && l->timeline[i].thread == thread_named(&t, "compute")->thread)
            assert_true(l->timeline[i].until_ns >= TIMELINE_LENGTH_NS);
        threads += last;
    }
    assert_true(threads >= 2 && threads <= 8);
    measurement_free(t.m);
}

/* Calls that the CPU's page would keep are on it, each time that one was entered. */
static void timeline_shows_calls(void **state)
{
    struct measure_options whole = plain;
    struct trial t;
    uint64_t reads = 0, entries = 0;
    (void)state;
    whole.session = NULL;
    whole.timeline_after_ns = 0;
    whole.timeline_length_ns = 60000000000;
    trial_run(&t, &whole, LEDGER_SUBJECT, "random", NULL);
    assert_nothing_lost(&t);
    for (size_t i = 0; i < t.m->ledger->stretch_count; i++)
        reads += !strcmp(t.m->ledger->timeline[i].state, "random");
    for (size_t i = 0; i < t.m->ledger->thread_count; i++)
        entries += state_entries(&t.m->ledger->threads[i], "random");
    assert_true(entries >= 50 && entries <= 5000);
    assert_int_equal(reads, entries);
    measurement_free(t.m);
}

/* A clock of one sample in 4 ms sees the thread that computes for 300 ms about 75 times, and whoever else
 * runs the function no more often than there is user time. */
static void samples_see_the_program(void **state)
{
    struct trial t;
    uint64_t program = 0, all = 0;
    (void)state;
    trial_run(&t, &plain, LEDGER_SUBJECT, "known", NULL);
    for (size_t i = 0; i < t.m->ledger->sample_count; i++) {
        const struct sample_count *s = &t.m->ledger->samples[i];
        all += s->samples;
        if (!strcmp(s->class, "program") && s->symbol && !strcmp(s->symbol, "compute"))
            program += s->samples;
    }
    /* by the ledger, not the thread's clock: the machine's host may have taken the CPU away meanwhile, from
     * the clock of the samples as well */
    uint64_t least = state_ns(thread_named(&t, "compute"), "user") / SAMPLE_PERIOD_NS / 4;
    assert_true(program >= least && program <= total_ns(&t, "user") / SAMPLE_PERIOD_NS * 11 / 10 + 10);
    assert_true(all >= program);
    assert_int_equal(t.m->ledger->sample_period_ns, SAMPLE_PERIOD_NS);
    measurement_free(t.m);
}

/* With a word: the tests whose names it fits. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeline_covers_its_window),
        cmocka_unit_test(timeline_shows_calls),
        cmocka_unit_test(samples_see_the_program),
    };
    return trial_main(tests, TEST_COUNT(tests), &plain, NULL, argc > 1 ? argv[1] : NULL);
}
