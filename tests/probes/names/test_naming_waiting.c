/* Words that have no name: what is said of them from how a thread waits and from what stands before them, in
 * programs without symbols that hold jemalloc and mimalloc, and in a dynamic one. */
#include "probes/names/locks.h"
#include "probes/names/naming.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/names/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    WAIT = 0 | 128,
    WAIT_BITSET = 9 | 128,
    MUSL_VALUE = 16, /* a mutex of the plain kind is EBUSY while it is held, and 0x80000000 when waited for */
};
static const uint32_t musl_waited = 0x80000000u + MUSL_VALUE;
static const uint64_t heap_word = 0x7f1200345044;

/* As jemalloc 5 leaves them while one thread holds the mutex and two wait. */
#define STATISTICS                                                                                           \
    {                                                                                                        \
        900, 500, 3, 4, 2 | 2ull << 32, 11, 0x7f1200001000, 20                                               \
    }

static void jemalloc_map(struct place *p)
{
    memset(p, 0, sizeof(*p));
    if (access(PROGRAMS "/jemalloc-static-O2.stripped", R_OK))
        skip();
    place_map(p, PROGRAMS "/jemalloc-static-O2.stripped", 0, NULL, 0);
}

static void mimalloc_map(struct place *p)
{
    memset(p, 0, sizeof(*p));
    if (access(PROGRAMS "/mimalloc-static-O2.stripped", R_OK))
        skip();
    place_map(p, PROGRAMS "/mimalloc-static-O2.stripped", 0, NULL, 0);
}

static struct word_facts facts_of(const struct place *p)
{
    return (struct word_facts){.space = &p->space,
                               .address = heap_word,
                               .waited = true,
                               .evidence = {.call = SYS_futex,
                                            .command = WAIT,
                                            .expected = musl_waited,
                                            .first_seen_ns = 1,
                                            .before = STATISTICS}};
}

static void assert_whose(const struct word_facts *facts, enum whose whose, const char *evidence)
{
    struct naming *n = naming_new();
    struct word_name name;
    assert_int_equal(naming_word(n, facts, &name), 0);
    if (name.whose != whose || strncmp(name.evidence, evidence, strlen(evidence)) != 0)
        fail_msg("%s (%s) is %d, not %d (%s...)", name.name, name.evidence, name.whose, whose, evidence);
    assert_int_equal(name.allocator != NULL, whose == WHOSE_MALLOC);
    word_name_free(&name);
    naming_free(n);
}

static void statistics_before_a_mutex(void **state)
{
    struct place p;
    (void)state;
    jemalloc_map(&p);
    struct word_facts facts = facts_of(&p);
    assert_whose(&facts, WHOSE_MALLOC,
                 "layout: the statistics of a mutex of jemalloc's stand before it (locked 20 times");
    facts.address -= 4; /* glibc's word is at the head of the mutex: the same 8 bytes */
    assert_whose(&facts, WHOSE_MALLOC, "layout: ");
}

/* Each of these can't be while a thread waits. */
static void statistics_that_do_not_fit(void **state)
{
    static const struct {
        unsigned at;
        uint64_t value;
    } wrong[] = {
        {7, 0},                  /* never locked, and held */
        {6, 0},                  /* nobody's */
        {6, 0x7f1200001004},     /* no pointer */
        {6, 0xffff888000000000}, /* the kernel's */
        {5, 0},                  /* always nobody's */
        {5, 21},                 /* changed hands more often than it was locked */
        {4, 2 | 0xffffffffull << 32},
        {2, 30},  /* waited for more often than locked */
        {3, 19},  /* the same of waits and spins together */
        {1, 901}, /* the longest wait is longer than all */
    };
    struct place p;
    (void)state;
    jemalloc_map(&p);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct word_facts facts = facts_of(&p);
        facts.evidence.before[wrong[i].at] = wrong[i].value;
        assert_whose(&facts, WHOSE_OTHER, "layout: it is no mutex of jemalloc's");
    }
}

/* Built without statistics there is nothing before a mutex; and who takes one again after a wait for a
 * condition is not counted. */
static void blank_tells_nothing(void **state)
{
    struct place p;
    (void)state;
    jemalloc_map(&p);
    struct word_facts facts = facts_of(&p);
    facts.evidence.before[4] = 2;
    assert_whose(&facts, WHOSE_UNKNOWN, "none: ");
    memset(facts.evidence.before, 0, sizeof(facts.evidence.before));
    assert_whose(&facts, WHOSE_UNKNOWN, "none: ");
}

static void waits_that_no_mutex_makes(void **state)
{
    static const uint32_t values[] = {0, 1, 2, 0x80000000, 0xffffffff, 0xc0000010};
    struct place p;
    (void)state;
    jemalloc_map(&p);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct word_facts facts = facts_of(&p);
        facts.evidence.expected = values[i];
        assert_whose(&facts, WHOSE_OTHER, "value: ");
    }
    struct word_facts facts = facts_of(&p);
    facts.evidence.command = WAIT_BITSET;
    assert_whose(&facts, WHOSE_OTHER,
                 "call: its first wait is a FUTEX_WAIT_BITSET, and no lock of jemalloc's");
}

/* Without a wait, or where the call isn't known, nothing is said. */
static void nothing_without_a_wait(void **state)
{
    struct place p;
    (void)state;
    jemalloc_map(&p);
    struct word_facts facts = facts_of(&p);
    facts.waited = false;
    assert_whose(&facts, WHOSE_UNKNOWN, "none: ");
    facts = facts_of(&p);
    facts.evidence.call = 0;
    assert_whose(&facts, WHOSE_UNKNOWN, "none: ");
    facts = facts_of(&p);
    facts.evidence.command = 1 | 128; /* the first call of the row was a wake */
    assert_whose(&facts, WHOSE_UNKNOWN, "none: ");
}

/* mimalloc keeps no statistics: a mutex may be its or the program's. */
static void a_mutex_beside_mimalloc(void **state)
{
    struct place p;
    (void)state;
    mimalloc_map(&p);
    struct word_facts facts = facts_of(&p);
    assert_whose(&facts, WHOSE_UNKNOWN, "none: ");
    facts.evidence.expected = 1; /* as parking_lot waits */
    assert_whose(&facts, WHOSE_OTHER, "value: ");
    facts.evidence.command = WAIT_BITSET; /* as Rust's std does */
    assert_whose(&facts, WHOSE_OTHER, "call: ");
}

/* glibc's own malloc has its locks in its data and at the heads of heaps. */
static void elsewhere_than_glibcs(void **state)
{
    char loader[256];
    struct place p = {0};
    (void)state;
    place_map(&p, SUBJECT, 0x555500000000, loader, sizeof(loader));
    if (!library_map(&p, "libc.so.6", 0x7e0000000000))
        skip();
    struct word_facts facts = facts_of(&p);
    facts.evidence.expected = 2;
    assert_whose(&facts, WHOSE_OTHER, "place: all locks of ptmalloc's lie elsewhere");
    facts.evidence.first_seen_ns = 0; /* from perf: whether it is the head of a heap is not known */
    assert_whose(&facts, WHOSE_UNKNOWN, "none: ");
    facts.evidence.first_seen_ns = 1;
    facts.address = 0x7e0000000000 + 0x1e0000; /* in libc's own data there may be one without a name */
    struct naming *n = naming_new();
    struct word_name name;
    assert_int_equal(naming_word(n, &facts, &name), 0);
    if (!strncmp(name.evidence, "none", 4))
        assert_int_equal(name.whose, WHOSE_UNKNOWN);
    word_name_free(&name);
    naming_free(n);
}

/* By the wait, though the word was free again when it was looked at; the arena is whoever's saw one. */
static void evidence_of_the_wait(void **state)
{
    struct word_row rows[] = {
        {.key = {.op = OP_WAIT, .outcome = OUTCOME_UNDER_WAY}},
        {.key = {.op = OP_WAIT, .outcome = OUTCOME_EAGAIN},
         .value.evidence = {.first_seen_ns = 7, .call = SYS_futex, .command = WAIT, .expected = 2}},
        {.key = {.op = OP_WAKE, .outcome = OUTCOME_WOKE_NONE},
         .value.evidence = {
             .first_seen_ns = 5, .call = SYS_futex, .command = 1, .value = 1, .heap_arena = 9}}};
    bool waited;
    (void)state;
    struct word_evidence e = locks_word_evidence(rows, 3, &waited);
    assert_true(waited);
    assert_int_equal(e.command, WAIT);
    assert_int_equal(e.expected, 2);
    assert_int_equal(e.heap_arena, 9);
    assert_int_equal(e.first_seen_ns, 5);
    rows[1] = rows[0]; /* no wait was looked at: the wake is all there is */
    e = locks_word_evidence(rows, 3, &waited);
    assert_false(waited);
    assert_int_equal(e.command, 1);
}

/* Of two waits the one that found the word taken. */
static void evidence_of_a_word_in_use(void **state)
{
    const struct word_row rows[] = {{.key = {.op = OP_WAIT, .outcome = OUTCOME_SLEPT},
                                     .value.evidence = {.first_seen_ns = 3, .before = {1}}},
                                    {.key = {.op = OP_WAIT, .outcome = OUTCOME_EAGAIN},
                                     .value.evidence = {.first_seen_ns = 4, .value = 2, .before = {8}}}};
    bool waited;
    (void)state;
    struct word_evidence e = locks_word_evidence(rows, 2, &waited);
    assert_true(waited);
    assert_int_equal(e.before[0], 8);
    assert_int_equal(e.first_seen_ns, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_before_a_mutex), cmocka_unit_test(statistics_that_do_not_fit),
        cmocka_unit_test(blank_tells_nothing),       cmocka_unit_test(waits_that_no_mutex_makes),
        cmocka_unit_test(nothing_without_a_wait),    cmocka_unit_test(a_mutex_beside_mimalloc),
        cmocka_unit_test(elsewhere_than_glibcs),     cmocka_unit_test(evidence_of_the_wait),
        cmocka_unit_test(evidence_of_a_word_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
