/* Attaching to processes by their numbers: exact counts, in both modes, of programs that do known things when
 * they are told to.  Needs the privilege to trace: without it the whole file ends with 77, which CTest counts
 * as skipped. */
#include "probes/run/measure.h"
#include "tests/probes/run/attach_trial.h"
#include "tests/probes/run/subject_parts.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- one process ---- */

static void act_all(struct script *script, const struct measure_options *options)
{
    struct subject *s = script->subjects;
    (void)options;
    subject_tell(s, "wake 7");
    subject_tell(s, "old 11");
    subject_tell(s, "new 13");
    subject_tell(s, "child 17");
    subject_tell(s, "unpark");
}

static void every_thread_and_child(void **state)
{
    struct subject s;
    struct trial t;
    (void)state;
    subject_start(&s);
    subject_tell(&s, "start");
    subject_tell(&s, "park 0");
    subject_tell(&s, "park 1");
    subject_tell(&s, "wake 1000"); /* before: not counted */
    subject_tell(&s, "old 1000");
    struct target *target = target_of(&s, 1);
    struct script script = {.subjects = &s, .count = 1, .act = act_all};
    target_measure(&t, target, &script, 1);

    assert_int_equal(wakes_of(&t, s.pid), 7 + 11 + 13);
    assert_int_equal(wakes_of(&t, -s.pid), 17);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 7 + 11 + 13 + 17);
    /* waits that had begun before: of one that ended, and of one that goes on */
    assert_int_equal(calls(&t, "parked_word", "wait", "under_way"), 1);
    assert_int_equal(calls(&t, "parked_word", "wake", "woke_some"), 1);
    assert_int_equal(calls_of_word(lock_named(&t, "parked_word")), 2);
    assert_int_equal(calls(&t, "left_word", "wait", "under_way"), 1);
    assert_int_equal(calls_of_word(lock_named(&t, "left_word")), 1);
    struct lock_outcome left = outcome_sum(t.m, "left_word", "wait", "under_way");
    assert_true(left.blocked_ns <= t.m->outcome.wall_ns);
    assert_int_equal(lock_named(&t, "left_word")->bucket_count, 0); /* how long it took is not known */
    assert_nothing_lost(&t);
    assert_string_equal(lock_named(&t, "known_word")->evidence, "symbol of the file");
    assert_string_equal(t.m->libc, "glibc");
    if (attach_plain.probes == PROBES_LEDGER) {
        /* five of the process (main, worker, two parked, a new one), one of the child */
        assert_int_equal(t.m->ledger->thread_count, 6);
        assert_true(total_ns(&t, "futex_blocked_other") >= left.blocked_ns);
    }
    measurement_free(t.m);
    target_free(target);
    subject_end(&s, 42);
}

static void act_nothing(struct script *script, const struct measure_options *options)
{
    (void)script;
    (void)options;
}

/* Nothing happens: a thread that computes, one that sleeps in a wait, one that reads have their time all the
 * same. */
static void threads_without_any_event(void **state)
{
    struct subject s;
    struct trial t;
    (void)state;
    subject_start(&s);
    subject_tell(&s, "start");
    subject_tell(&s, "park 1");
    asleep_await(s.pid, s.pid, SYS_read); /* it has answered, but may not have come back for more yet */
    struct target *target = target_of(&s, 1);
    struct script script = {.act = act_nothing};
    target_measure(&t, target, &script, 20000000);
    assert_int_equal(t.m->lock_count, 1);
    assert_int_equal(calls(&t, "left_word", "wait", "under_way"), 1);
    assert_nothing_lost(&t);
    if (attach_plain.probes == PROBES_LEDGER) {
        const struct ledger *l = t.m->ledger;
        assert_int_equal(l->thread_count, 3);
        for (size_t i = 0; i < l->thread_count; i++) {
            const struct thread_account *a = &l->threads[i];
            assert_true(a->lifetime_ns >= 20000000);
            assert_true(a->lifetime_ns <= t.m->outcome.wall_ns);
            assert_int_equal(a->syscalls, 0);
            uint64_t asleep = state_ns(a, "blocked") + state_ns(a, "futex_blocked_other");
            assert_true(asleep == a->lifetime_ns || oncpu_ns(a) + runnable_ns(a) == a->lifetime_ns);
        }
        assert_true(total_ns(&t, "futex_blocked_other") > 0);
        assert_true(total_ns(&t, "blocked") > 0);
        assert_true(total_ns(&t, "user") > 0);
        assert_int_equal(total_ns(&t, "syscall"), 0);
    }
    measurement_free(t.m);
    target_free(target);
    subject_end(&s, 3);
}

/* ---- several ---- */

static void several_processes(void **state)
{
    struct subject s[3];
    struct trial t;
    (void)state;
    for (int i = 0; i < 3; i++)
        subject_start(&s[i]);
    struct target *target = target_of(s, 2); /* the third is none of ours */
    struct script script = {.subjects = s, .count = 3, .act = act_several};
    target_measure(&t, target, &script, 1);
    assert_int_equal(wakes_of(&t, s[0].pid), 3);
    assert_int_equal(wakes_of(&t, s[1].pid), 5);
    assert_int_equal(wakes_of(&t, s[2].pid), 0);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 8);
    assert_nothing_lost(&t);
    assert_null(t.m->libc); /* there is not the one program */
    measurement_free(t.m);
    target_free(target);
    for (int i = 0; i < 3; i++)
        subject_end(&s[i], i);
}

/* The same again, in the same session: nothing of the first is left. */
static void attached_twice(void **state)
{
    struct subject s;
    (void)state;
    subject_start(&s);
    for (int i = 0; i < 2; i++) {
        struct trial t;
        struct target *target = target_of(&s, 1);
        struct script script = {.subjects = &s, .count = 1, .act = act_several};
        target_measure(&t, target, &script, 1);
        assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 3);
        assert_int_equal(t.m->lock_count, 1);
        assert_nothing_lost(&t);
        measurement_free(t.m);
        target_free(target);
        subject_tell(&s, "wake 100");
    }
    subject_end(&s, 7);
}

/* ---- ends ---- */

static void act_exit(struct script *script, const struct measure_options *options)
{
    (void)options;
    for (size_t i = 0; i < script->count; i++) {
        subject_tell(&script->subjects[i], "wake 2");
        fprintf(script->subjects[i].to, "exit 5\n");
        fflush(script->subjects[i].to);
    }
}

static void ends_with_the_processes(void **state)
{
    struct subject s[2];
    struct trial t;
    (void)state;
    for (int i = 0; i < 2; i++)
        subject_start(&s[i]);
    struct target *target = target_of(s, 2);
    struct script script = {.subjects = s, .count = 2, .act = act_exit};
    target_measure(&t, target, &script, 0);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 4);
    assert_nothing_lost(&t);
    measurement_free(t.m);
    target_free(target);
    for (int i = 0; i < 2; i++)
        subject_end(&s[i], -1);
}

static void act_signal(struct script *script, const struct measure_options *options)
{
    act_several(script, options);
    kill(getpid(), SIGINT);
}

static void a_signal_ends_it(void **state)
{
    struct subject s;
    struct trial t;
    (void)state;
    subject_start(&s);
    struct target *target = target_of(&s, 1);
    struct script script = {.subjects = &s, .count = 1, .act = act_signal};
    target_measure(&t, target, &script, 0);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 3);
    measurement_free(t.m);
    target_free(target);
    subject_end(&s, 0);
}

/* Found, but gone before it could be marked. */
static void ended_while_attaching(void **state)
{
    struct measure_options options = attach_plain;
    struct measurement *m = NULL;
    struct error err = {""};
    struct subject s;
    bool exec_failed;
    (void)state;
    subject_start(&s);
    options.target = target_of(&s, 1);
    subject_end(&s, 1);
    assert_int_equal(measure_run(&options, &m, &exec_failed, &err), -ESRCH);
    assert_false(exec_failed);
    assert_non_null(strstr(err.text, "ended while heapwait attached"));
    target_free((struct target *)options.target);
}

static void one_of_two_ended_while_attaching(void **state)
{
    struct subject s[2];
    struct trial t;
    (void)state;
    for (int i = 0; i < 2; i++)
        subject_start(&s[i]);
    struct target *target = target_of(s, 2);
    subject_end(&s[1], 1);
    struct script script = {.subjects = s, .count = 1, .act = act_several};
    target_measure(&t, target, &script, 1);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 3);
    assert_non_null(t.m->note);
    assert_non_null(strstr(t.m->note, "1 of 2 processes ended"));
    measurement_free(t.m);
    target_free(target);
    subject_end(&s[0], 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_thread_and_child),  cmocka_unit_test(threads_without_any_event),
        cmocka_unit_test(several_processes),       cmocka_unit_test(attached_twice),
        cmocka_unit_test(ends_with_the_processes), cmocka_unit_test(a_signal_ends_it),
        cmocka_unit_test(ended_while_attaching),   cmocka_unit_test(one_of_two_ended_while_attaching),
    };
    return trial_main(tests, TEST_COUNT(tests), &attach_plain, argc > 1 ? argv[1] : "waits", NULL);
}
