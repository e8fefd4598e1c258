/* Every way in which a program comes to its futex calls, and what must be counted of each: `test_scenarios
 * waits` and `test_scenarios ledger`.  The table is compared key by key: nothing is missing, and nothing else
 * is on those words.  A scenario that this machine or user can't do ends with 77 and is told. */
#include "probes/host/checks.h"
#include "probes/run/measure.h"
#include "probes/session/session.h"
#include "tests/probes/run/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CANNOT = 77, KEYS = 16 };

static struct measure_options plain = {.sample_period_ns = SAMPLE_PERIOD_NS,
                                       .timeline_after_ns = 1000000,
                                       .timeline_length_ns = TIMELINE_LENGTH_NS};

static const struct scenario {
    const char *name, *count;
    int words;            /* in so many address spaces, or places of one */
    const char *expected; /* op, outcome, calls; "died": interrupted by the deadly signal, or unfinished */
} scenarios[] = {
    {"wakes", "7", 1, "wake woke_none 7"},
    {"threads", "1000", 1, "wake woke_none 3000"},
    {"processes", "500", 500, "wake woke_none 1000"},
    {"words", "4000", 4000, "wake woke_none 8000"},
    {"vfork", "4", 2, "wake woke_none 5"},
    {"clone3", "4", 2, "wake woke_none 5"},
    {"orphan", "6", 1, "wake woke_none 6"},
    {"exec_by_thread", "3", 2, "wake woke_none 8"},
    {"exit_over_waiters", "9", 1, "wait died 9"},
    {"killed_waiters", "6", 6, "wait died 6"},
    {"in_handlers", "5", 1, "wait interrupted 5, wake woke_none 10"},
    {"as_nobody", "5", 1, "wake woke_none 6"},
    {"filtered", "5", 1, "wake woke_none 6"},
    {"traced", "50", 1, "wake woke_none 50"},
    {"in_namespaces", "5", 2, "wake woke_none 7"},
    {"wanders", "200", 1, "wake woke_none 200"},
    {"shared", "300", 2, "wake woke_none 600"},
    {"pi_requeue", "5", 2,
     "cmp_requeue_pi eagain 1, cmp_requeue_pi moved_none 1, cmp_requeue_pi moved_some 1, unlock_pi done 6, "
     "wait_requeue_pi eagain 2, wait_requeue_pi slept 5, wait_requeue_pi timeout 1"},
    {"pi_lock", "5", 1,
     "lock_pi acquired 1, lock_pi error 1, lock_pi slept 5, lock_pi timeout 1, trylock_pi acquired 1, "
     "unlock_pi done 7"},
};

/* One operation with one outcome, over all words of the scenario. */
struct key {
    char name[64];
    uint64_t calls;
};

static int key_compare(const void *a, const void *b)
{
    return strcmp(((const struct key *)a)->name, ((const struct key *)b)->name);
}

/* Of a thread that dies in a wait some kernels show the wait's end, and some don't. */
static const char *outcome_of(const struct scenario *s, const struct lock_outcome *o)
{
    bool death = !strcmp(o->outcome, "interrupted") || !strcmp(o->outcome, "unfinished");
    return death && strstr(s->expected, "died") ? "died" : o->outcome;
}

static void key_add(const struct scenario *s, struct key *keys, size_t *count, const struct lock_outcome *o)
{
    char name[64];
    size_t i = 0;
    snprintf(name, sizeof(name), "%s %s", o->op, outcome_of(s, o));
    while (i < *count && strcmp(keys[i].name, name) != 0)
        i++;
    assert_true(i < KEYS);
    if (i == *count) {
        keys[i] = (struct key){.calls = 0};
        snprintf(keys[i].name, sizeof(keys[i].name), "%s", name);
        ++*count;
    }
    keys[i].calls += o->calls;
}

/* Writes "OP OUTCOME CALLS, ..." of the scenario's words, in the order of their names.  Returns how many
 * words there are. */
static int counted(const struct scenario *s, const struct measurement *m, char *text, size_t size)
{
    struct key keys[KEYS];
    size_t count = 0;
    int words = 0;
    for (size_t i = 0; i < m->lock_count; i++) {
        const struct lock *l = &m->locks[i];
        bool ours = !strncmp(l->name, "scenario_word", strlen("scenario_word"));
        words += ours;
        for (size_t k = 0; ours && k < l->outcome_count; k++)
            key_add(s, keys, &count, &l->outcomes[k]);
    }
    qsort(keys, count, sizeof(keys[0]), key_compare);
    FILE *out = fmemopen(text, size, "w");
    assert_non_null(out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s %" PRIu64, i ? ", " : "", keys[i].name, keys[i].calls);
    fclose(out);
    return words;
}

static void one_scenario(void **state)
{
    const struct scenario *s = *state;
    struct trial t;
    char text[1536];
    trial_run(&t, &plain, SCENARIO_SUBJECT, s->name, s->count);
    if (t.m->outcome.exit_status == CANNOT) {
        printf("not possible here: %s\n", s->name);
        measurement_free(t.m);
        skip();
    }
    int words = counted(s, t.m, text, sizeof(text));
    assert_string_equal(text, s->expected);
    assert_int_equal(words, s->words);
    assert_int_equal(t.m->outcome.exit_status, 0);
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

int main(int argc, char **argv)
{
    enum { COUNT = sizeof(scenarios) / sizeof(scenarios[0]) };
    struct CMUnitTest tests[COUNT];
    struct error err = {""};
    if (checks_require(&err)) {
        printf("SKIPPED, all of them: %s\n", err.text);
        return 77;
    }
    for (size_t i = 0; i < COUNT; i++)
        tests[i] = (struct CMUnitTest){
            .name = scenarios[i].name, .test_func = one_scenario, .initial_state = (void *)&scenarios[i]};
    plain.probes = argc > 1 && !strcmp(argv[1], "ledger") ? PROBES_LEDGER : PROBES_WAITS;
    if (argc > 2)
        cmocka_set_test_filter(argv[2]);
    if (session_open(&plain, &plain.session, &err)) {
        printf("%s\n", err.text);
        return 1;
    }
    int failed =
        cmocka_run_group_tests_name(plain.probes == PROBES_LEDGER ? "ledger" : "waits", tests, NULL, NULL);
    session_close(plain.session);
    return failed;
}
