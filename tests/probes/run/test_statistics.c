/* The roles of jemalloc's locks, and the waits for them, held against jemalloc's own statistics:
 * `test_statistics waits` and `test_statistics ledger`.  jemalloc counts whoever doesn't get a mutex, from
 * before its first futex call until it has it.  Each wait of heapwait's lies in such a time, so that of no
 * role heapwait may have more words, more or longer waits than jemalloc: a word that has another one's role
 * breaks that.  Several waits can be one of jemalloc's, whose waiter was woken and came too late; each that
 * was woken had an owner who let go. */
#include "tests/probes/run/trial.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SOME_WAITS = 20 }; /* so many that not all can be over without sleeping */

static struct measure_options plain = {.sample_period_ns = SAMPLE_PERIOD_NS,
                                       .timeline_after_ns = 1000000,
                                       .timeline_length_ns = TIMELINE_LENGTH_NS};

/* By heapwait's name and by the program's. */
static const struct role {
    const char *name, *key;
} roles[] = {
    {"bin", "bin"},
    {"extents", "extents"},
    {"purging", "purging"},
    {"large objects", "large"},
    {"extents' descriptors", "descriptors"},
    {"base", "base"},
    {"arena", "arena"},
};

/* What heapwait has of a role. */
struct account {
    uint64_t words, slept, ns, longest_ns; /* words that were waited for */
};

/* One mutex of the extents has no statistics: that which is held while address space is added. */
static bool has_role(const struct lock *l, const char *role)
{
    char begin[64];
    int length = snprintf(begin, sizeof(begin), "lock of jemalloc (%s: ", role);
    return !strncmp(l->name, begin, (size_t)length) && !strstr(l->name, "_alloc_grow") &&
           !strstr(l->name, "_retained");
}

static void account_add(struct account *a, const struct lock *l)
{
    uint64_t waits = 0;
    for (size_t i = 0; i < l->outcome_count; i++) {
        const struct lock_outcome *o = &l->outcomes[i];
        if (strcmp(o->op, "wait"))
            continue;
        waits += o->calls;
        a->slept += strcmp(o->outcome, "slept") ? 0 : o->calls;
        a->ns += o->total_ns;
    }
    a->words += waits > 0;
    for (size_t i = 0; i < l->bucket_count; i++)
        if (l->buckets[i].calls && l->buckets[i].low_ns > a->longest_ns)
            a->longest_ns = l->buckets[i].low_ns;
}

static uint64_t said_of(const struct trial *t, const struct role *role, const char *what)
{
    char key[64];
    snprintf(key, sizeof(key), "%s.%s", role->key, what);
    return said(t, key);
}

static void no_more(const struct trial *t, const struct role *role, const char *what, uint64_t has)
{
    const uint64_t most = said_of(t, role, what);
    for (size_t i = 0; i < t->m->lock_count && has > most; i++)
        if (has_role(&t->m->locks[i], role->name))
            printf("%s: %" PRIu64 " calls\n", t->m->locks[i].name, lock_calls(&t->m->locks[i]));
    if (has > most)
        fail_msg("%s: %" PRIu64 " by heapwait, %s of jemalloc's statistics is %" PRIu64, role->name, has,
                 what, most);
}

static void role_check(const struct trial *t, const struct role *role)
{
    struct account a = {0};
    for (size_t i = 0; i < t->m->lock_count; i++)
        if (has_role(&t->m->locks[i], role->name))
            account_add(&a, &t->m->locks[i]);
    no_more(t, role, "mutexes", a.words);
    no_more(t, role, "taken", a.slept);
    no_more(t, role, "wait_ns", a.ns);
    no_more(t, role, "longest_ns", a.longest_ns);
    if (said_of(t, role, "waits") >= SOME_WAITS && !a.slept)
        fail_msg("%s: nobody slept", role->name);
}

static void statistics_check(const char *program)
{
    struct trial t;
    if (access(program, X_OK)) {
        printf("not there: %s\n", program);
        skip();
    }
    trial_run(&t, &plain, program, NULL, NULL);
    assert_int_equal(t.m->outcome.exit_status, 0);
    for (size_t i = 0; i < TEST_COUNT(roles); i++)
        role_check(&t, &roles[i]);
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

static void in_glibc(void **state)
{
    (void)state;
    statistics_check(STATISTICS_SUBJECT);
}

static void in_static_musl(void **state)
{
    (void)state;
    statistics_check(STATISTICS_SUBJECT "_musl");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_glibc),
        cmocka_unit_test(in_static_musl),
    };
    return trial_main(tests, TEST_COUNT(tests), &plain, argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL);
}
