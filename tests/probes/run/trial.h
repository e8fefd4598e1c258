/* One traced run of a test's program, with what it printed, and questions about what was measured.  Each run
 * is checked against the identities that hold of all before any test asks about it. */
#ifndef TESTS_PROBES_RUN_TRIAL_H
#define TESTS_PROBES_RUN_TRIAL_H

#include "probes/measurement/measurement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEST_COUNT(tests) (sizeof(tests) / sizeof((tests)[0]))

struct trial {
    struct measurement *m;
    char output[8192];
};

/* Runs `program mode argument` (either may be NULL) with the base's session and mode; fails the test when it
 * can't be run.  Free with measurement_free(t->m). */
void trial_run(struct trial *t, const struct measure_options *base, const char *program, const char *mode,
               const char *argument);

/* Runs tests[count] with one session in base->session, since to attach and detach takes the kernel about a
 * second; only those whose names `filter` fits, unless it is NULL.  `mode`: "waits", "profile", "ledger", or
 * NULL for the base's.  Returns the program's exit status: 77, which CTest counts as skipped, without the
 * privilege to trace. */
int trial_main(const struct CMUnitTest *tests, size_t count, struct measure_options *base, const char *mode,
               const char *filter);

/* ---- words ---- */

/* Sum over locks of that name (all of them if NULL). */
struct lock_outcome outcome_sum(const struct measurement *m, const char *name, const char *op,
                                const char *outcome);
uint64_t calls(const struct trial *t, const char *name, const char *op, const char *outcome);
const struct lock *lock_named(const struct trial *t, const char *name); /* fails when there is none */
uint64_t calls_of_word(const struct lock *l);
uint64_t lost(const struct trial *t, const char *reason);
/* Nothing but switches, which some virtual machines' kernels hide now and then: they cost no count, only part
 * of a millisecond that is taken for runnable. */
uint64_t switches_unseen(const struct trial *t);
void assert_nothing_lost(const struct trial *t);

/* ---- the ledger ---- */

/* What holds of every measurement.  The histograms hold every wait.  In mode profile the samples are of the
 * documented classes, and their call paths, if there are any, stand for as many as were taken.  In mode
 * ledger the states sum to the lifetime, for every thread; no time went backwards; the stretches of the
 * timeline follow each other within the window; the cores' account adds up where all threads have one. */
void measurement_check(const struct measurement *m, const struct measure_options *options);

void account_print(const struct thread_account *a); /* on stderr, for a test that fails */
const struct thread_account *thread_named(const struct trial *t, const char *comm); /* the only one */
size_t threads_named(const struct trial *t, const char *comm);
uint64_t state_ns(const struct thread_account *a, const char *state);
uint64_t state_entries(const struct thread_account *a, const char *state);
uint64_t oncpu_ns(const struct thread_account *a);
uint64_t runnable_ns(const struct thread_account *a);
uint64_t total_ns(const struct trial *t, const char *state); /* over all threads */

/* What the program printed as "KEY=NUMBER" on a line of its own; fails when it didn't. */
uint64_t said(const struct trial *t, const char *key);

#endif
