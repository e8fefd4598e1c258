/* The probes against programs whose futex calls are known exactly: `test_probes waits` and `test_probes
 * ledger` expect the same counts of both modes; a third word is a pattern (`known*`) of the tests to run.
 * Needs the privilege to trace: without it the whole file ends with 77, which CTest counts as skipped. */
#include "probes/run/measure.h"
#include "probes/session/session.h"
#include "tests/probes/run/trial.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* With one session for all tests: to attach and detach takes the kernel about a second. */
static struct measure_options plain = {.sample_period_ns = SAMPLE_PERIOD_NS,
                                       .timeline_after_ns = 1000000,
                                       .timeline_length_ns = TIMELINE_LENGTH_NS};

/* The same, but attached for each run anew. */
static struct measure_options plain_alone(void)
{
    struct measure_options options = plain;
    options.session = NULL;
    return options;
}

static void subject_run(struct trial *t, const char *mode, const char *argument)
{
    trial_run(t, &plain, SUBJECT, mode, argument);
}

static void known_answer(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "known", NULL);
    assert_int_equal(calls(&t, "known_word", "wait", "slept"), 23);
    assert_int_equal(calls(&t, "known_word", "wait", "eagain"), 1009);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 211);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_some"), 23);
    assert_int_equal(calls_of_word(lock_named(&t, "known_word")), 23 + 1009 + 211 + 23);
    assert_int_equal(outcome_sum(t.m, "known_word", "wake", "woke_some").woken, 23);
    assert_nothing_lost(&t);

    /* The lengths: no longer than the program saw from outside, no shorter than what it slept through. */
    struct lock_outcome slept = outcome_sum(t.m, "known_word", "wait", "slept");
    uint64_t outside = strtoull(t.output, NULL, 10);
    assert_true(slept.total_ns <= outside);
    assert_true(slept.total_ns >= 23 * 2000000ull);
    assert_true(slept.blocked_ns >= 23 * 2000000ull);
    assert_int_equal(slept.total_ns, slept.oncpu_ns + slept.blocked_ns + slept.runnable_ns);
    assert_int_equal(outcome_sum(t.m, "known_word", "wait", "eagain").blocked_ns, 0);
    const struct lock *l = lock_named(&t, "known_word");
    assert_int_not_equal(l->whose, WHOSE_MALLOC);
    assert_null(l->allocator);
    assert_string_equal(l->evidence, "symbol of the file");
    assert_non_null(strstr(l->module, "subject"));
    measurement_free(t.m);
}

static void histogram_holds_every_wait(void **state)
{
    struct trial t;
    uint64_t slept = 0, eagain = 0;
    (void)state;
    subject_run(&t, "known", NULL);
    const struct lock *l = lock_named(&t, "known_word");
    for (size_t i = 0; i < l->bucket_count; i++) {
        const struct wait_bucket *b = &l->buckets[i];
        bool is_slept = !strcmp(b->outcome, "slept");
        *(is_slept ? &slept : &eagain) += b->calls;
        if (is_slept)
            assert_true(b->high_ns > 2000000);
        assert_true(b->high_ns - b->low_ns <= 1 || (b->high_ns - b->low_ns) * 8 <= b->low_ns);
    }
    assert_int_equal(slept, 23);
    assert_int_equal(eagain, 1009);
    /* and each slept wait had one way from its wake to its running */
    uint64_t handoffs = 0;
    for (size_t i = 0; i < l->handoff_count; i++)
        handoffs += l->handoffs[i].calls;
    assert_int_equal(handoffs, 23);
    measurement_free(t.m);
}

static void every_kind_of_call(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "kinds", NULL);
    assert_int_equal(calls(&t, "known_word", "wait", "timeout"), 3);
    assert_int_equal(calls(&t, "known_word", "wait", "eagain"), 4);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 5);
    assert_int_equal(calls(&t, "known_word", "requeue", "moved_none"), 6);
    assert_int_equal(calls(&t, "known_word", "requeue", "eagain"), 7);
    assert_int_equal(calls(&t, "known_word", "wake_op", "woke_none"), 8);
    assert_int_equal(calls(&t, "pi_word", "lock_pi", "acquired"), 9);
    assert_int_equal(calls(&t, "pi_word", "trylock_pi", "acquired"), 10);
    assert_int_equal(calls(&t, "pi_word", "unlock_pi", "done"), 19);
    assert_int_equal(calls(&t, "known_word+0x1", "wait", "error"), 11);
    assert_int_equal(calls(&t, "other_word", "wait", "interrupted"), 1);
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

static void newer_system_calls(void **state)
{
    struct trial t;
    int waitv = 0, split = 0;
    (void)state;
    subject_run(&t, "newer", NULL);
    assert_int_equal(sscanf(t.output, "%d %d", &waitv, &split), 2);
    assert_int_equal(calls(&t, "known_word", "waitv", "eagain"), waitv ? 3 : 0);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), split ? 5 : 0);
    assert_int_equal(calls(&t, "known_word", "wait", "eagain"), split ? 7 : 0);
    assert_int_equal(calls(&t, "known_word", "requeue", "moved_none"), split ? 9 : 0);
    measurement_free(t.m);
}

static void follows_forks(void **state)
{
    struct trial t;
    unsigned seen = 0;
    uint32_t last_tgid = 0;
    (void)state;
    subject_run(&t, "forks", NULL);
    for (size_t i = 0; i < t.m->lock_count; i++) {
        const struct lock *l = &t.m->locks[i];
        if (strcmp(l->name, "known_word"))
            continue;
        assert_int_not_equal(l->tgid, last_tgid);
        last_tgid = l->tgid;
        seen |= (unsigned)calls_of_word(l);
    }
    assert_int_equal(seen, 1 | 2 | 4);
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

static void follows_exec(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "exec", NULL);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 3 + 5);
    size_t words = 0;
    for (size_t i = 0; i < t.m->lock_count; i++)
        words += !strcmp(t.m->locks[i].name, "known_word");
    assert_int_equal(words, 2); /* one process, two programs: two words */
    measurement_free(t.m);
}

static void short_life_and_exit_status(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "exit", "7");
    assert_int_equal(t.m->outcome.exit_status, 7);
    assert_int_equal(t.m->outcome.term_signal, 0);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 1);
    assert_string_equal(t.m->libc, "glibc");
    assert_string_equal(t.m->linkage, "dynamic");
    assert_string_equal(t.m->allocator, "ptmalloc");
    measurement_free(t.m);
}

static void death_by_sigkill(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "killed", NULL);
    assert_int_equal(t.m->outcome.exit_status, -1);
    assert_int_equal(t.m->outcome.term_signal, SIGKILL);
    uint64_t waits =
        calls(&t, "known_word", "wait", "interrupted") + calls(&t, "known_word", "wait", "unfinished");
    assert_int_equal(waits, 1);
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

static void survivors_hand_over(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "survivor", NULL);
    kill(atoi(t.output), SIGKILL);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 1);
    assert_int_equal(calls(&t, "known_word", "wait", "unfinished"), 1);
    assert_int_equal(lost(&t, "threads still running at the end"), 1);
    measurement_free(t.m);
}

static void full_table_is_loss(void **state)
{
    struct trial t;
    struct measure_options small = plain_alone();
    (void)state;
    small.max_words = 16;
    trial_run(&t, &small, SUBJECT, "many", "100");
    uint64_t kept = calls(&t, NULL, "wake", "woke_none");
    uint64_t dropped = lost(&t, "futex calls without room in the table of words");
    assert_int_equal(kept + dropped, 200);
    assert_int_equal(kept, 2 * 16);
    measurement_free(t.m);
}

static void many_words(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "many", "20000");
    assert_int_equal(calls(&t, NULL, "wake", "woke_none"), 40000);
    assert_int_equal(t.m->lock_count, 20000);
    assert_int_equal(lost(&t, "futex calls without room in the table of words"), 0);
    measurement_free(t.m);
}

static void arenas_by_layout(void **state)
{
    struct trial t;
    const struct lock *thread_arena = NULL, *main_arena = NULL, *look_alike = NULL;
    (void)state;
    subject_run(&t, "arenas", NULL);
    for (size_t i = 0; i < t.m->lock_count; i++) {
        const struct lock *l = &t.m->locks[i];
        if (!strncmp(l->name, "arena ", 6))
            thread_arena = l;
        else if (!strncmp(l->name, "main_arena",
                          10)) /* or main_arena.mutex, with glibc's debug information */
            main_arena = l;
        else if (calls_of_word(l) == 7)
            look_alike = l;
    }
    assert_non_null(thread_arena);
    assert_int_equal(thread_arena->whose, WHOSE_MALLOC);
    assert_int_equal(calls_of_word(thread_arena), 3);
    assert_non_null(main_arena);
    assert_int_equal(main_arena->whose, WHOSE_MALLOC);
    assert_string_equal(main_arena->allocator, "ptmalloc");
    assert_int_equal(calls_of_word(main_arena), 5);
    assert_non_null(look_alike);
    assert_int_not_equal(look_alike->whose, WHOSE_MALLOC);
    measurement_free(t.m);
}

static void session_serves_many_runs(void **state)
{
    struct measure_options options = plain_alone();
    struct error err = {""};
    (void)state;
    assert_int_equal(session_open(&options, &options.session, &err), 0);
    for (int i = 1; i <= 3; i++) {
        struct trial t;
        char count[8];
        snprintf(count, sizeof(count), "%d", i);
        trial_run(&t, &options, SUBJECT, "wakes", count);
        assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), i);
        assert_int_equal(t.m->lock_count, 1);
        assert_nothing_lost(&t);
        measurement_free(t.m);
    }
    session_close(options.session);
}

/* The counts that the program itself kept of its calls on musl's malloc lock. */
static void oracle_agrees(void **state)
{
    struct trial t;
    unsigned long long waited, eagain, interrupted, none, some;
    (void)state;
    if (access(ORACLE, X_OK))
        skip();
    trial_run(&t, &plain, ORACLE, NULL, NULL);
    assert_int_equal(
        sscanf(t.output, "%llu %llu %llu %llu %llu", &waited, &eagain, &interrupted, &none, &some), 5);
    const char *name = "__malloc_lock";
    assert_int_equal(calls(&t, name, "wait", "slept") + calls(&t, name, "wait", "raced"), waited);
    assert_int_equal(calls(&t, name, "wait", "eagain"), eagain);
    assert_int_equal(calls(&t, name, "wait", "interrupted"), interrupted);
    assert_int_equal(calls(&t, name, "wake", "woke_none"), none);
    assert_int_equal(calls(&t, name, "wake", "woke_some"), some);
    assert_true(waited + eagain + none + some > 0);
    assert_int_equal(lock_named(&t, name)->whose, WHOSE_MALLOC);
    assert_string_equal(lock_named(&t, name)->allocator, "mallocng");
    assert_string_equal(t.m->libc, "musl");
    assert_string_equal(t.m->linkage, "static");
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

static void commands_that_cannot_run(void **state)
{
    static const struct {
        const char *command;
        int error;
    } cases[] = {{"/nonexistent/command", -ENOENT}, {"/etc/passwd", -EACCES}, {"/", -EACCES}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *argv[] = {(char *)cases[i].command, NULL};
        struct measure_options options = {
            .argv = argv, .probes = plain.probes, .stdout_fd = -1, .stderr_fd = -1};
        struct measurement *m = NULL;
        struct error err = {""};
        bool exec_failed = false;
        assert_int_equal(measure_run(&options, &m, &exec_failed, &err), cases[i].error);
        assert_true(exec_failed);
        assert_non_null(strstr(err.text, cases[i].command));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answer),
        cmocka_unit_test(histogram_holds_every_wait),
        cmocka_unit_test(every_kind_of_call),
        cmocka_unit_test(newer_system_calls),
        cmocka_unit_test(follows_forks),
        cmocka_unit_test(follows_exec),
        cmocka_unit_test(short_life_and_exit_status),
        cmocka_unit_test(death_by_sigkill),
        cmocka_unit_test(survivors_hand_over),
        cmocka_unit_test(full_table_is_loss),
        cmocka_unit_test(many_words),
        cmocka_unit_test(arenas_by_layout),
        cmocka_unit_test(session_serves_many_runs),
        cmocka_unit_test(oracle_agrees),
        cmocka_unit_test(commands_that_cannot_run),
    };
    return trial_main(tests, TEST_COUNT(tests), &plain, argc > 1 ? argv[1] : "waits",
                      argc > 2 ? argv[2] : NULL);
}
