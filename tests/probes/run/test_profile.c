/* Mode profile against programs that do one thing only: which class their samples have, and whether the call
 * paths tell malloc's system calls from the program's own.  That samples and paths add up is checked of every
 * run by trial_run().  Needs the privilege to trace: without it the whole file ends with 77, which CTest
 * counts as skipped. */
#include "probes/measurement/call_tree.h"
#include "tests/probes/run/trial.h"

#include <stdio.h>
#include <string.h>

/* With one session for all tests: to attach and detach takes the kernel about a second. */
static struct measure_options plain = {.probes = PROBES_PROFILE, .sample_period_ns = SAMPLE_PERIOD_NS};

static uint64_t samples_of(const struct measurement *m, const char *class)
{
    uint64_t samples = 0;
    for (size_t i = 0; i < m->ledger->sample_count; i++)
        samples += strcmp(m->ledger->samples[i].class, class) ? 0 : m->ledger->samples[i].samples;
    return samples;
}

static void samples_print(const struct measurement *m)
{
    for (size_t i = 0; i < m->ledger->sample_count; i++)
        fprintf(stderr, "%llu %s %s\n", (unsigned long long)m->ledger->samples[i].samples,
                m->ledger->samples[i].class,
                m->ledger->samples[i].symbol ? m->ledger->samples[i].symbol : "-");
}

/* What the program does is sampled at least once, and more often than anything else in the kernel. */
static void class_is(const char *kind, const char *class)
{
    struct trial t;
    trial_run(&t, &plain, PROFILE_SUBJECT, kind, NULL);
    assert_nothing_lost(&t);
    assert_int_equal(t.m->ledger->sample_period_ns, SAMPLE_PERIOD_NS);
    assert_int_equal(t.m->ledger->thread_count, 0);
    const uint64_t found = samples_of(t.m, class);
    if (!found)
        samples_print(t.m);
    assert_true(found > 0);
    for (size_t i = 0; i < t.m->ledger->sample_count; i++) {
        const struct sample_count *s = &t.m->ledger->samples[i];
        if (s->samples > found && (!strncmp(s->class, "kernel", 6) || !strcmp(s->class, "page_fault"))) {
            samples_print(t.m);
            fail_msg("%s: more samples of %s than of %s", kind, s->class, class);
        }
    }
    measurement_free(t.m);
}

static void classes(void **state)
{
    (void)state;
    class_is("spin", "program");
    class_is("map", "kernel:memory");
    class_is("touch", "page_fault");
    class_is("wake", "kernel:futex_wake");
    class_is("wait", "kernel:futex_wait");
    class_is("random", "kernel:random");
    class_is("null", "kernel:syscall");
}

/* Returns true if a frame of that class is among the node's callers, itself included. */
static bool path_has(const struct call_tree *t, const struct call_node *n, const char *class)
{
    for (; n; n = call_tree_node(t, n->caller))
        if (!strcmp(n->frame.class, class))
            return true;
    return false;
}

/* Sets *by_allocator and *by_others to the samples in the kernel that have a frame of the allocator's below,
 * and that have none. */
static void kernel_paths(const struct measurement *m, uint64_t *by_allocator, uint64_t *by_others)
{
    *by_allocator = *by_others = 0;
    for (uint32_t i = 1; i <= call_tree_count(m->paths); i++) {
        const struct call_node *n = call_tree_node(m->paths, i);
        if (!n->samples || strcmp(n->frame.class, "kernel"))
            continue;
        *(path_has(m->paths, n, "allocator") ? by_allocator : by_others) += n->samples;
    }
}

static void whose_calls(void **state)
{
    struct trial t;
    uint64_t by_allocator, by_others;
    (void)state;
    trial_run(&t, &plain, PROFILE_SUBJECT, "allocate", NULL);
    assert_true(samples_of(t.m, "kernel:memory") > 0);
    kernel_paths(t.m, &by_allocator, &by_others);
    assert_true(by_allocator > by_others);
    measurement_free(t.m);
    trial_run(&t, &plain, PROFILE_SUBJECT, "map", NULL);
    kernel_paths(t.m, &by_allocator, &by_others);
    assert_true(by_others > 0);
    assert_int_equal(by_allocator, 0);
    measurement_free(t.m);
}

/* Where perf takes the paths, or nobody asks for them, none is kept. */
static void paths_unwanted(void **state)
{
    struct measure_options options = plain;
    struct trial t;
    (void)state;
    options.session = NULL;
    options.no_paths = true;
    trial_run(&t, &options, PROFILE_SUBJECT, "spin", NULL);
    assert_true(samples_of(t.m, "program") > 0);
    assert_int_equal(call_tree_count(t.m->paths), 0);
    measurement_free(t.m);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),
        cmocka_unit_test(whose_calls),
        cmocka_unit_test(paths_unwanted),
    };
    return trial_main(tests, TEST_COUNT(tests), &plain, NULL, argc > 1 ? argv[1] : NULL);
}
