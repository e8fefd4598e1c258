/* Time at the kernel's own locks, of threads; inside futex calls it belongs to the word that was called on.
 * Needs the privilege to trace: without it the whole file ends with 77, which CTest counts as skipped. */
#include "tests/probes/run/trial.h"

#include <stdio.h>
#include <string.h>

static struct measure_options plain = {.probes = PROBES_LEDGER, .sample_period_ns = SAMPLE_PERIOD_NS};

/* Returns the word's time at locks of the kernel's, over its rows; all words' for NULL. */
static uint64_t kernel_lock_ns(const struct measurement *m, const char *name)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->lock_count; i++)
        for (size_t k = 0; k < m->locks[i].outcome_count && (!name || !strcmp(m->locks[i].name, name)); k++)
            sum += m->locks[i].outcomes[k].kernel_lock_ns;
    return sum;
}

/* Returns how many calls may be missing at most.  A program that an interrupt meets, which waits for a lock
 * itself, is skipped: where locks are contended all the time that comes by accident. */
static uint64_t calls_lost(const struct trial *t)
{
    return lost(t, "probe runs that the kernel skipped") +
           lost(t, "beginnings of futex calls without an end");
}

static void all_called(const struct trial *t, const char *op, const char *outcome, uint64_t made)
{
    const uint64_t seen = calls(t, "shared_word", op, outcome);
    if (seen > made || seen + calls_lost(t) < made)
        fail_msg("%s, %s: %llu of %llu calls, at most %llu are told to be lost", op, outcome,
                 (unsigned long long)seen, (unsigned long long)made, (unsigned long long)calls_lost(t));
}

/* Two threads lock one hash bucket in turn: what they wait for there stands at that word, and no more than
 * what their accounts have at the kernel's locks.  These have more, since threads meet at other locks, too,
 * when they begin and end. The word that they call on alone has what interrupts wait for meanwhile. */
static void of_the_word(void **state)
{
    struct trial t;
    (void)state;
    trial_run(&t, &plain, BUCKET_SUBJECT, "300000", NULL);
    if (t.m->outcome.exit_status == 77 || !t.m->sees_locks) {
        measurement_free(t.m);
        skip();
    }
    assert_int_equal(t.m->outcome.exit_status, 0);
    all_called(&t, "wait", "eagain", 600000);
    all_called(&t, "wake", "woke_none", 600000);
    const uint64_t shared = kernel_lock_ns(t.m, "shared_word"), quiet = kernel_lock_ns(t.m, "quiet_word");
    const uint64_t words = kernel_lock_ns(t.m, NULL), spun = total_ns(&t, "kernel_lock");
    const uint64_t all = spun + total_ns(&t, "kernel_lock_blocked") + total_ns(&t, "mmap_lock") +
                         total_ns(&t, "mmap_lock_blocked");
    if (!(shared > 0 && quiet < shared && words <= all))
        fail_msg("shared %llu ns, quiet %llu, all words %llu; all threads %llu, spinning %llu",
                 (unsigned long long)shared, (unsigned long long)quiet, (unsigned long long)words,
                 (unsigned long long)all, (unsigned long long)spun);
    measurement_free(t.m);
}

/* Without a ledger they aren't seen, which is not that there were none. */
static void unknown_in_waits(void **state)
{
    struct measure_options waits = {.probes = PROBES_WAITS};
    struct trial t;
    (void)state;
    trial_run(&t, &waits, BUCKET_SUBJECT, "10", NULL);
    for (size_t i = 0; i < t.m->lock_count; i++)
        for (size_t k = 0; k < t.m->locks[i].outcome_count; k++)
            assert_true(t.m->locks[i].outcomes[k].kernel_lock_ns == UINT64_MAX);
    measurement_free(t.m);
}

enum { WORKERS = 4 }; /* of the subject */

/* Runs the subject, whose threads get in each other's way at a lock of the kernel's until each has slept for
 * it `sleeps` times.  Returns how many sleeps of a thread may be unseen.  An interrupt that meets a lock
 * while a program looks at one makes the kernel skip a program. */
static uint64_t workers_run(struct trial *t, const char *lock, const char *sleeps)
{
    trial_run(t, &plain, KERNEL_LOCK_SUBJECT, lock, sleeps);
    const uint64_t unseen = switches_unseen(t) + lost(t, "probe runs that the kernel skipped");
    assert_int_equal(measurement_lost(t->m), unseen);
    return unseen;
}

/* Returns the account of a worker, and in *count what it says. */
static const struct thread_account *worker(const struct trial *t, int number, const char *what,
                                           uint64_t *count)
{
    char name[16], key[32];
    snprintf(name, sizeof(name), "worker%d", number);
    snprintf(key, sizeof(key), "%s.%s", name, what);
    *count = said(t, key);
    return thread_named(t, name);
}

/* Asserts that each worker slept in state `at` as often as it says, and in `elsewhere` less often: there only
 * as it began and ended. */
static void workers_slept(const char *lock, const char *at, const char *elsewhere)
{
    struct trial t;
    const uint64_t unseen = workers_run(&t, lock, "16");
    for (int i = 0; t.m->sees_locks && i < WORKERS; i++) {
        uint64_t slept = 0;
        const struct thread_account *a = worker(&t, i, "slept", &slept);
        assert_true(slept >= 16);
        if (state_entries(a, at) + unseen < slept || state_entries(a, elsewhere) >= slept / 2) {
            account_print(a);
            fail_msg("%s slept %llu times", a->comm, (unsigned long long)slept);
        }
        assert_true(state_ns(a, at) > 0);
    }
    measurement_free(t.m);
}

static void asleep_for_mmap_lock(void **state)
{
    (void)state;
    workers_slept("mmap", "mmap_lock_blocked", "kernel_lock_blocked");
}

static void asleep_for_another_lock(void **state)
{
    (void)state;
    workers_slept("file", "kernel_lock_blocked", "mmap_lock_blocked");
}

/* A wait for a mutex begins anew whenever it goes from spinning to sleeping, and ends once: the sleeps behind
 * it are not for the lock. */
static void after_a_mutex(void **state)
{
    struct trial t;
    (void)state;
    const uint64_t unseen = workers_run(&t, "pipe", "2");
    for (int i = 0; i < WORKERS; i++) {
        uint64_t rested = 0;
        const struct thread_account *a = worker(&t, i, "rested", &rested);
        assert_true(rested >= 64);
        if (state_entries(a, "blocked") + unseen < rested) {
            account_print(a);
            fail_msg("%s rested %llu times, %llu may be unseen", a->comm, (unsigned long long)rested,
                     (unsigned long long)unseen);
        }
    }
    measurement_free(t.m);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_the_word),          cmocka_unit_test(unknown_in_waits),
        cmocka_unit_test(asleep_for_mmap_lock), cmocka_unit_test(asleep_for_another_lock),
        cmocka_unit_test(after_a_mutex),
    };
    return trial_main(tests, TEST_COUNT(tests), &plain, NULL, argc > 1 ? argv[1] : NULL);
}
