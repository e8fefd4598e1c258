/* The ledger against programs that know where their time went: what each thread measured of itself by its own
 * clocks, and counts that are exact.  Every run is checked against the ledger's identities by trial_run().
 * Needs the privilege to trace: without it the whole file ends with 77, which CTest counts as skipped. */
#include "probes/measurement/measurement.h"
#include "tests/probes/run/trial.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* With one session for all tests: to attach and detach takes the kernel about a second. */
static struct measure_options plain = {.probes = PROBES_LEDGER,
                                       .sample_period_ns = SAMPLE_PERIOD_NS,
                                       .timeline_after_ns = 100000000,
                                       .timeline_length_ns = TIMELINE_LENGTH_NS};

static void subject_run(struct trial *t, const char *mode, const char *argument)
{
    trial_run(t, &plain, LEDGER_SUBJECT, mode, argument);
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

static uint64_t said_of(const struct trial *t, const char *thread, const char *what)
{
    char key[64];
    snprintf(key, sizeof(key), "%s.%s", thread, what);
    return said(t, key);
}

/* 2 %, or 2 ms: a thread reads its clocks a little before it ends. */
static uint64_t slack_of(uint64_t ns)
{
    return ns / 50 > 2000000 ? ns / 50 : 2000000;
}

static void assert_within(const char *what, uint64_t found, uint64_t low, uint64_t high)
{
    if (found < low || found > high)
        fail_msg("%s: %llu us, by the program's own clocks it is from %llu to %llu us", what,
                 (unsigned long long)found / 1000, (unsigned long long)low / 1000,
                 (unsigned long long)high / 1000);
}

/* On-CPU against the thread's CPU clock, runnable against the scheduler's own account of the run queue. After
 * it has read them, while it ends, the thread may lose the CPU for as long as others like.  `hidden_ns`: time
 * on the CPU that its clock leaves out, which is the machine's host's or interrupts'; runnable knows better.
 */
static void thread_agrees(const struct trial *t, const char *name, uint64_t hidden_ns)
{
    const struct thread_account *a = thread_named(t, name);
    uint64_t cpu_ns = said_of(t, name, "cpu_ns"), queued_ns = said_of(t, name, "queued_ns");
    uint64_t unseen_ns = switches_unseen(t) * SAMPLE_PERIOD_NS;
    uint64_t around_ns = a->lifetime_ns - said_of(t, name, "wall_ns");
    char what[64];
    assert_true(a->lifetime_ns >= said_of(t, name, "wall_ns"));
    snprintf(what, sizeof(what), "%s, on-CPU", name);
    assert_within(what, oncpu_ns(a) + unseen_ns, cpu_ns - at_most(cpu_ns, slack_of(cpu_ns)),
                  cpu_ns + slack_of(cpu_ns) + 2 * unseen_ns + hidden_ns);
    snprintf(what, sizeof(what), "%s, runnable", name);
    assert_within(what, runnable_ns(a), queued_ns - at_most(queued_ns, slack_of(queued_ns)),
                  queued_ns + slack_of(queued_ns) + around_ns + unseen_ns);
    assert_true(a->faults >= said_of(t, name, "faults"));
}

static void known_times(void **state)
{
    static const char *const names[] = {"compute", "sleep", "blocked", "holder", "nulls", "touch", "none"};
    struct trial t;
    (void)state;
    subject_run(&t, "known", NULL);
    assert_nothing_lost(&t);
    assert_int_equal(t.m->ledger->thread_count, 1 + sizeof(names) / sizeof(names[0]));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        thread_agrees(&t, names[i], said(&t, "hidden_ns"));

    const struct thread_account *a = thread_named(&t, "compute");
    assert_true(state_ns(a, "user") >= 300000000 / 100 * 98);

    a = thread_named(&t, "sleep");
    assert_true(state_ns(a, "blocked") + runnable_ns(a) >= 200000000 / 100 * 98);
    assert_true(state_ns(a, "blocked") <= said(&t, "slept_ns"));

    a = thread_named(&t, "blocked");
    assert_true(state_ns(a, "futex_blocked_other") >= 150000000);
    assert_true(state_ns(a, "futex_blocked_other") <= said(&t, "blocked_ns"));
    assert_int_equal(state_entries(a, "futex_blocked_other"), 1);
    assert_int_equal(state_ns(a, "futex_blocked_malloc"), 0);
    struct lock_outcome slept = outcome_sum(t.m, "held_word", "wait", "slept");
    assert_int_equal(slept.calls, 1);
    assert_int_equal(slept.blocked_ns, state_ns(a, "futex_blocked_other"));
    assert_int_equal(calls_of_word(lock_named(&t, "held_word")), 2);

    a = thread_named(&t, "nulls");
    assert_int_equal(a->syscalls - thread_named(&t, "none")->syscalls, 100000);

    a = thread_named(&t, "touch");
    assert_true(a->faults >= 50000);
    if (t.m->sees_faults) { /* the kernel may take a fault up twice */
        assert_true(state_entries(a, "page_fault") >= 50000);
        assert_true(state_entries(a, "page_fault") <= a->faults + 64);
        assert_true(state_ns(a, "page_fault") > 0);
    } else
        assert_int_equal(state_entries(a, "page_fault"), 0);
    assert_int_equal(a->syscalls, thread_named(&t, "none")->syscalls);
    measurement_free(t.m);
}

/* As on a kernel that does not keep the CPU for them. */
static void programs_that_pin(void **state)
{
    struct measure_options options = plain;
    struct trial t;
    bool used = false;
    (void)state;
    options.session = NULL;
    options.pins = true;
    trial_run(&t, &options, LEDGER_SUBJECT, "brief", "40");
    assert_nothing_lost(&t);
    assert_int_equal(threads_named(&t, "brief"), 40);
    for (size_t i = 0; i < t.m->probe_stat_count; i++)
        used = used || !strcmp(t.m->probe_stats[i].name, "ledger_enter_pins");
    assert_true(used);
    measurement_free(t.m);
}

/* ---- threads come and go ---- */

static void threads_of_a_millisecond(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "brief", "1000");
    assert_nothing_lost(&t);
    assert_int_equal(t.m->ledger->thread_count, 1001);
    assert_int_equal(threads_named(&t, "brief"), 1000);
    for (size_t i = 0; i < t.m->ledger->thread_count; i++) {
        const struct thread_account *a = &t.m->ledger->threads[i];
        assert_true(strcmp(a->comm, "brief") || a->lifetime_ns >= 1000000);
    }
    measurement_free(t.m);
}

static void ten_thousand_threads(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "instant", "10000");
    assert_nothing_lost(&t);
    assert_int_equal(t.m->ledger->thread_count, 10001);
    assert_int_equal(threads_named(&t, "instant"), 10000);
    measurement_free(t.m);
}

static int ns_compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* One in 32 threads ends by a call that stands for 31 others.  The ending itself stands for none: that of a
 * thread in 32 would be more than 16 times that of most.  Half of so many are allowed to be, for what the
 * machine's host and interrupts take. */
static void endings_stand_for_themselves(void **state)
{
    enum { THREADS = 2000 };
    static uint64_t ns[THREADS];
    struct trial t;
    size_t count = 0, longer = 0;
    (void)state;
    trial_run(&t, &plain, ENDING_SUBJECT, "2000", "3000");
    for (size_t i = 0; i < t.m->ledger->thread_count && count < THREADS; i++)
        if (!strcmp(t.m->ledger->threads[i].comm, "ending"))
            ns[count++] = state_ns(&t.m->ledger->threads[i], "exiting");
    assert_int_equal(count, THREADS);
    qsort(ns, count, sizeof(ns[0]), ns_compare);
    for (size_t i = 0; i < count; i++)
        longer += ns[i] > 16 * ns[count / 2];
    if (longer >= THREADS / 64)
        fail_msg("%zu of %zu endings took more than 16 times %llu ns", longer, count,
                 (unsigned long long)ns[count / 2]);
    measurement_free(t.m);
}

static void two_thousand_at_once(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "at_once", "2000");
    assert_nothing_lost(&t);
    assert_int_equal(threads_named(&t, "waiter"), 2000);
    measurement_free(t.m);
}

static void a_hundred_thousand_words(void **state)
{
    struct trial t;
    (void)state;
    trial_run(&t, &plain, SUBJECT, "many", "100000");
    assert_int_equal(calls(&t, NULL, "wake", "woke_none"), 200000);
    assert_int_equal(t.m->lock_count, 100000);
    assert_int_equal(measurement_lost(t.m), lost(&t, "call stacks not kept") + switches_unseen(&t));
    measurement_free(t.m);
}

static void too_many_threads_are_loss(void **state)
{
    struct trial t;
    struct measure_options small = plain;
    (void)state;
    small.session = NULL;
    small.max_threads = 16;
    trial_run(&t, &small, LEDGER_SUBJECT, "instant", "100");
    assert_int_equal(t.m->ledger->thread_count, 16);
    assert_int_equal(lost(&t, "threads without room for their account"), 101 - 16);
    measurement_free(t.m);
}

static void alive_at_the_end(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "alive", NULL);
    assert_nothing_lost(&t);
    assert_int_equal(t.m->ledger->thread_count, 5);
    assert_int_equal(threads_named(&t, "waiter"), 3);
    assert_true(state_ns(thread_named(&t, "spinner"), "user") > 0);
    for (size_t i = 0; i < 5; i++) {
        const struct thread_account *a = &t.m->ledger->threads[i];
        assert_true(strcmp(a->comm, "waiter") || state_ns(a, "futex_blocked_other") > 0);
        assert_true(a->lifetime_ns <= t.m->outcome.wall_ns);
    }
    measurement_free(t.m);
}

/* The first thread is dead long before its process is: its account ends where it ended. */
static void leader_gone(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "leader_gone", NULL);
    assert_nothing_lost(&t);
    assert_int_equal(t.m->ledger->thread_count, 2);
    assert_int_equal(t.m->ledger->threads[0].thread, 1);
    assert_true(t.m->ledger->threads[0].lifetime_ns + 50000000 <= t.m->outcome.wall_ns);
    assert_true(state_ns(thread_named(&t, "outliver"), "blocked") >= 49000000);
    measurement_free(t.m);
}

static void killed_while_blocked(void **state)
{
    struct trial t;
    (void)state;
    trial_run(&t, &plain, SUBJECT, "killed", NULL);
    assert_int_equal(t.m->outcome.term_signal, SIGKILL);
    assert_nothing_lost(&t);
    assert_int_equal(t.m->ledger->thread_count, 2);
    struct lock_outcome unfinished = outcome_sum(t.m, "known_word", "wait", "unfinished");
    struct lock_outcome interrupted = outcome_sum(t.m, "known_word", "wait", "interrupted");
    assert_int_equal(unfinished.calls + interrupted.calls, 1);
    assert_true(state_ns(&t.m->ledger->threads[1], "futex_blocked_other") > 0);
    assert_int_equal(state_ns(&t.m->ledger->threads[1], "futex_blocked_other"),
                     unfinished.blocked_ns + interrupted.blocked_ns);
    measurement_free(t.m);
}

static void survivors_have_accounts(void **state)
{
    struct trial t;
    (void)state;
    trial_run(&t, &plain, SUBJECT, "survivor", NULL);
    kill(atoi(t.output), SIGKILL);
    assert_int_equal(lost(&t, "threads still running at the end"), 1);
    assert_int_equal(t.m->ledger->thread_count, 2);
    assert_true(state_ns(&t.m->ledger->threads[1], "futex_blocked_other") > 0);
    measurement_free(t.m);
}

/* A process that is dead, though not reaped, uses no CPU. */
static void the_dead_do_nothing(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "leaves_zombie", NULL);
    kill((pid_t)said(&t, "keeper"), SIGKILL);
    assert_int_equal(lost(&t, "threads still running at the end"), 1);
    assert_true(thread_named(&t, "zombie")->lifetime_ns + 100000000 <= t.m->outcome.wall_ns);
    measurement_free(t.m);
}

/* The cores are those that the command may use: on one, whatever the machine has, trial_run() finds the
 * account of that one whole. */
static void one_core(void **state)
{
    struct trial t;
    cpu_set_t all, one;
    int cpu = 0;
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    subject_run(&t, "at_once", "20");
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
    assert_int_equal(t.m->ledger->core.cores, 1);
    assert_int_equal(threads_named(&t, "waiter"), 20);
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

/* ---- stopped and changed ---- */

static void stopped_in_a_wait(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "stopped", NULL);
    const struct thread_account *a = thread_named(&t, "stopped");
    uint64_t stopped_ns = said(&t, "stopped_ns"), waited_ns = said(&t, "waited_ns");
    assert_true(state_ns(a, "blocked") >= stopped_ns);
    assert_true(state_ns(a, "futex_blocked_other") >= waited_ns);
    assert_true(state_ns(a, "futex_blocked_other") + stopped_ns <= a->lifetime_ns);
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

static void stopped_and_killed(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "stops_itself", NULL);
    const struct thread_account *a = thread_named(&t, "stopped");
    assert_true(state_ns(a, "blocked") >= said(&t, "stopped_ns"));
    assert_true(state_ns(a, "user") >= 10000000 / 100 * 95);
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

/* The other threads' accounts end, the one that calls exec goes on, as the process's first thread. */
static void exec_of_many_threads(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "exec_of_many", NULL);
    assert_int_equal(t.m->outcome.exit_status, 0);
    assert_nothing_lost(&t);
    assert_int_equal(t.m->ledger->thread_count, 6);
    assert_int_equal(threads_named(&t, "waiter"), 3);
    assert_int_equal(threads_named(&t, "spinner"), 1);
    const struct thread_account *a = thread_named(&t, "became");
    assert_true(state_ns(a, "user") >= 20000000 / 100 * 95);
    for (size_t i = 0; i < 6; i++)
        assert_true(t.m->ledger->threads[i].lifetime_ns <= t.m->outcome.wall_ns);
    measurement_free(t.m);
}

/* ---- what a call is about ---- */

/* Of a thread's first calls none is left to chance.  A call that lost the CPU on its way comes back to its
 * state: one entry more. */
static void random_reads(void **state)
{
    struct trial t;
    (void)state;
    subject_run(&t, "random", NULL);
    assert_nothing_lost(&t);
    const struct thread_account *a = thread_named(&t, "descriptors");
    uint64_t back = state_entries(a, "preempted") + state_entries(a, "woken") +
                    state_entries(a, "kernel_lock") + state_entries(a, "mmap_lock");
    /* 9 of /dev/urandom; 9 of a regular file by the same number; 9 of /dev/random by dup2; 9 of a file again
     */
    uint64_t entries = state_entries(a, "random");
    assert_true(entries >= 18 && entries <= 18 + back);
    assert_true(state_entries(a, "syscall") >= 18);
    /* and where most calls are not timed, the time is right all the same */
    a = thread_named(&t, "reader");
    uint64_t cpu_ns = said(&t, "reader.cpu_ns"), random_ns = state_ns(a, "random");
    thread_agrees(&t, "reader", said(&t, "hidden_ns"));
    assert_true(random_ns >= cpu_ns / 100 * 75 && random_ns <= cpu_ns / 100 * 102 + said(&t, "hidden_ns"));
    measurement_free(t.m);
}

static void odd_check(struct trial *t)
{
    assert_nothing_lost(t);
    assert_int_equal(outcome_sum(t->m, "odd_word", "wake", "woke_none").calls, 15000);
    assert_int_equal(outcome_sum(t->m, "even_word", "wake", "woke_none").calls, 5000);
    assert_int_equal(calls_of_word(lock_named(t, "odd_word")), 15000);
    assert_int_equal(calls_of_word(lock_named(t, "even_word")), 5000);
}

/* Wakes are told from calls whose numbers only end alike, and from each other. */
static void odd_calls(void **state)
{
    struct measure_options waits = {.probes = PROBES_WAITS};
    struct trial t;
    (void)state;
    subject_run(&t, "odd_calls", NULL);
    odd_check(&t);
    assert_true(t.m->ledger->threads[0].syscalls >= 8 * 5000);
    measurement_free(t.m);
    trial_run(&t, &waits, LEDGER_SUBJECT, "odd_calls", NULL);
    odd_check(&t);
    measurement_free(t.m);
}

/* Where many processes share the machine, threads may be through one after the other, and never meet: then
 * again, with twice the work. */
static void malloc_by_libc(void **state)
{
    struct trial t;
    bool met = false;
    (void)state;
    if (access(PASSWORDS "-musl", X_OK) || access(PASSWORDS "-glibc", X_OK))
        skip();
    for (unsigned passwords = 150000; !met && passwords < 20000000; passwords *= 2) {
        char work[32];
        snprintf(work, sizeof(work), "--passwords=%u", passwords);
        trial_run(&t, &plain, PASSWORDS "-musl", "--threads=4", work);
        met = total_ns(&t, "futex_wake_malloc") > 0 && total_ns(&t, "futex_wait_malloc") > 0;
        measurement_free(t.m);
    }
    assert_true(met);
    trial_run(&t, &plain, PASSWORDS "-glibc", "--threads=4", "--passwords=150000");
    assert_int_equal(total_ns(&t, "futex_wake_malloc") + total_ns(&t, "futex_wait_malloc") +
                         total_ns(&t, "futex_blocked_malloc") + total_ns(&t, "futex_runnable_malloc"),
                     0);
    measurement_free(t.m);
}

/* With a word: the tests whose names it fits, as `known*` does. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times),
        cmocka_unit_test(programs_that_pin),
        cmocka_unit_test(threads_of_a_millisecond),
        cmocka_unit_test(ten_thousand_threads),
        cmocka_unit_test(endings_stand_for_themselves),
        cmocka_unit_test(two_thousand_at_once),
        cmocka_unit_test(a_hundred_thousand_words),
        cmocka_unit_test(too_many_threads_are_loss),
        cmocka_unit_test(alive_at_the_end),
        cmocka_unit_test(leader_gone),
        cmocka_unit_test(killed_while_blocked),
        cmocka_unit_test(survivors_have_accounts),
        cmocka_unit_test(the_dead_do_nothing),
        cmocka_unit_test(one_core),
        cmocka_unit_test(stopped_in_a_wait),
        cmocka_unit_test(stopped_and_killed),
        cmocka_unit_test(exec_of_many_threads),
        cmocka_unit_test(random_reads),
        cmocka_unit_test(odd_calls),
        cmocka_unit_test(malloc_by_libc),
    };
    return trial_main(tests, TEST_COUNT(tests), &plain, NULL, argc > 1 ? argv[1] : NULL);
}
