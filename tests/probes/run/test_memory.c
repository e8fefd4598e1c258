/* System calls on memory, counted by process and kind, against a program that makes a known number of them.
 * What the C library does around them is the same in each run where addresses are not random (where a library
 * comes to lie decides how often its loader calls munmap()), so that the difference of two runs is exact.
 * Needs the privilege to trace: without it the whole file ends with 77, which CTest counts as skipped. */
#include "tests/probes/run/trial.h"

#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

/* With one session for all tests: to attach and detach takes the kernel about a second. */
static struct measure_options plain = {.probes = PROBES_PROFILE, .sample_period_ns = SAMPLE_PERIOD_NS};

static const char *const kinds[] = {"mmap", "munmap", "mremap", "madvise", "mprotect", "brk"};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), CALLS = 1234 };

static struct memory_count row(const struct trial *t, const char *process, const char *kind)
{
    const uint64_t tgid = said(t, process);
    for (size_t i = 0; i < t->m->memory_count; i++)
        if (t->m->memory[i].tgid == tgid && !strcmp(t->m->memory[i].kind, kind))
            return t->m->memory[i];
    fail_msg("no row of %s for %s", kind, process);
    return (struct memory_count){0};
}

static void subject_run(struct trial *t, const char *calls, const char *what)
{
    trial_run(t, &plain, MEMORY_SUBJECT, calls, what);
    assert_nothing_lost(t);
    for (size_t i = 0; i < t->m->memory_count; i++)
        assert_true(t->m->memory[i].blocked_ns <= t->m->memory[i].total_ns);
}

static void calls_are(const char *kind, const char *process, uint64_t before, uint64_t after)
{
    if (after - before != 2 * CALLS)
        fail_msg("%s of %s: %llu calls and %llu, not %d more", kind, process, (unsigned long long)before,
                 (unsigned long long)after, 2 * CALLS);
}

/* In two threads, one of which has ended; in a child before and after its exec. */
static void counts(void **state)
{
    struct trial none, some;
    (void)state;
    assert_true(personality(ADDR_NO_RANDOMIZE) != -1); /* of the programs that are run, too */
    subject_run(&none, "0", NULL);
    subject_run(&some, "1234", NULL);
    assert_int_equal(none.m->memory_count, 2 * KINDS);
    assert_int_equal(some.m->memory_count, 2 * KINDS);
    for (size_t i = 0; i < KINDS; i++) {
        const struct memory_count before = row(&none, "self", kinds[i]), after = row(&some, "self", kinds[i]);
        calls_are(kinds[i], "self", before.calls, after.calls);
        assert_true(after.total_ns > 0);
        calls_are(kinds[i], "child", row(&none, "child", kinds[i]).calls,
                  row(&some, "child", kinds[i]).calls);
    }
    measurement_free(none.m);
    measurement_free(some.m);
}

/* One call sleeps, for as long as the program says. */
static void sleep_in_a_call(void **state)
{
    struct trial t;
    (void)state;
    const int fd = (int)syscall(SYS_userfaultfd, 0);
    if (fd < 0)
        skip(); /* a kernel without it, or a user who may not */
    close(fd);
    subject_run(&t, "1", "sleep");
    const struct memory_count found = row(&t, "self", "madvise");
    assert_true(found.blocked_ns >= said(&t, "asleep_ns"));
    measurement_free(t.m);
}

/* Mode waits asks for none of it. */
static void none_in_waits(void **state)
{
    struct measure_options options = plain;
    struct trial t;
    (void)state;
    options.session = NULL;
    options.probes = PROBES_WAITS;
    trial_run(&t, &options, MEMORY_SUBJECT, "1", NULL);
    assert_int_equal(t.m->memory_count, 0);
    assert_null(t.m->ledger);
    measurement_free(t.m);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),
        cmocka_unit_test(sleep_in_a_call),
        cmocka_unit_test(none_in_waits),
    };
    return trial_main(tests, TEST_COUNT(tests), &plain, argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL);
}
