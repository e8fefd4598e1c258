/* Who waits for malloc's lock, against a program that counts that itself, with several allocators, with and
 * without symbols.  Each of its functions sleeps in malloc EACH times; heapwait has to name each as often,
 * and nobody else.  There are fewer waits than are sampled, so that nothing is left to chance.  Needs the
 * privilege to trace.  With arguments, a program and its twin that has symbols: checks these instead. */
#include "probes/elf/module.h"
#include "probes/host/checks.h"
#include "probes/measurement/call_tree.h"
#include "probes/session/session.h"
#include "tests/probes/names/place.h"
#include "tests/probes/run/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EACH = 8 };

static struct measure_options plain = {.probes = PROBES_WAITS};

static const char *const names[] = {"by_malloc",   "by_calloc", "by_realloc", "by_aligned",
                                    "by_memalign", "by_jumps",  "by_pointer"};
enum { CALLERS = sizeof(names) / sizeof(names[0]) };

static struct module_table *twins;

/* The program's argument; NULL: none. */
static const char *block_size;

static bool is_between(const char *class)
{
    return !strcmp(class, "lock") || !strcmp(class, "allocator") || !strcmp(class, "library");
}

/* Returns the name of the application's function on the path, by the twin where there are no symbols; NULL:
 * there is none. */
static const char *application_function(const struct trial *t, const struct module *twin, uint32_t node)
{
    const struct call_node *n = call_tree_node(t->m->paths, node);
    while (n && is_between(n->frame.class))
        n = call_tree_node(t->m->paths, n->caller);
    const struct symbol *s =
        n && !n->frame.symbol ? module_symbol_at(twin, n->frame.address - 1, true) : NULL;
    return s ? s->name : n ? n->frame.symbol : NULL;
}

static size_t caller_number(const char *name)
{
    size_t i = 0;
    while (i < CALLERS && (!name || strcmp(names[i], name) != 0))
        i++;
    return i;
}

/* Adds the waits for malloc's locks to waits[] by caller.  Returns those of nobody; `other`: those of the
 * function of that name don't count. */
static uint64_t waits_count(const struct trial *t, const struct module *twin, const char *other,
                            uint64_t waits[CALLERS])
{
    uint64_t nobody = 0;
    for (size_t i = 0; i < t->m->lock_count; i++) {
        const struct lock *l = &t->m->locks[i];
        for (size_t k = 0; l->whose == WHOSE_MALLOC && k < l->waiter_count; k++) {
            const char *name = application_function(t, twin, l->waiters[k].node);
            const size_t number = caller_number(name);
            if (name && other && !strcmp(name, other))
                continue;
            if (number == CALLERS && name && l->waiters[k].waits)
                fail_msg("%llu waits for %s by %s", (unsigned long long)l->waiters[k].waits, l->name, name);
            *(number < CALLERS ? &waits[number] : &nobody) += l->waiters[k].waits;
        }
    }
    return nobody;
}

/* What else may come than EACH waits of each caller. */
enum {
    MAY_WAIT_TWICE = 1, /* a call may sleep at more than one of malloc's locks */
    MAY_END = 2,        /* where the last caller's call goes no code tells: there a path may end */
    MAY_MEET = 4,       /* the first thread's call takes a lock twice, and may wait for the second thread */
};

/* How one of malloc's locks is to be called; NULL: it is not asked. */
static const char *lock_name;

static void lock_name_check(const struct trial *t)
{
    for (size_t i = 0; i < t->m->lock_count; i++)
        if (t->m->locks[i].whose == WHOSE_MALLOC &&
            !strncmp(t->m->locks[i].name, lock_name, strlen(lock_name)))
            return;
    for (size_t i = 0; i < t->m->lock_count; i++)
        printf("%s\n", t->m->locks[i].name);
    fail_msg("no lock is called '%s'", lock_name);
}

static void callers_check(const char *program, const char *whole, int may)
{
    struct trial t;
    struct mapping mapping = {.path = whole};
    const struct module *twin = module_get(twins, &mapping);
    uint64_t waits[CALLERS] = {0};
    assert_non_null(twin);
    trial_run(&t, &plain, program, block_size, NULL);
    const uint64_t nobody = waits_count(&t, twin, may & MAY_MEET ? "first_main" : NULL, waits);
    waits[CALLERS - 1] += may & MAY_END ? nobody : 0;
    if (nobody && !(may & MAY_END))
        fail_msg("%s: %llu waits by nobody", program, (unsigned long long)nobody);
    for (size_t i = 0; i < CALLERS; i++)
        if (waits[i] < EACH || waits[i] > (may & MAY_WAIT_TWICE ? 4 * EACH : EACH))
            fail_msg("%s: %llu waits by %s", program, (unsigned long long)waits[i], names[i]);
    assert_nothing_lost(&t);
    if (lock_name)
        lock_name_check(&t);
    measurement_free(t.m);
}

static void in_glibc(void **state)
{
    (void)state;
    callers_check(PATH_SUBJECT "_callers", PATH_SUBJECT "_callers", 0);
    callers_check(PATH_SUBJECT "_callers_stripped", PATH_SUBJECT "_callers", 0);
}

static void in_static_glibc(void **state)
{
    (void)state;
    if (access(PATH_SUBJECT "_callers_static", X_OK))
        skip();
    callers_check(PATH_SUBJECT "_callers_static", PATH_SUBJECT "_callers_static", 0);
}

/* Nothing there tells an allocator: the waits are counted, and said to be nobody's. */
static void in_stripped_static_glibc(void **state)
{
    struct trial t;
    uint64_t slept = 0;
    (void)state;
    if (access(PATH_SUBJECT "_callers_static_stripped", X_OK))
        skip();
    trial_run(&t, &plain, PATH_SUBJECT "_callers_static_stripped", NULL, NULL);
    for (size_t i = 0; i < t.m->lock_count; i++) {
        const struct lock *l = &t.m->locks[i];
        assert_int_equal(l->whose, WHOSE_UNKNOWN);
        assert_null(l->allocator);
        for (size_t k = 0; k < l->outcome_count; k++)
            slept += strcmp(l->outcomes[k].outcome, "slept") ? 0 : l->outcomes[k].calls;
    }
    assert_in_range(slept, CALLERS * EACH, CALLERS * EACH + 4); /* and the end of threads is waited for */
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

/* Its functions have names that no list knows. */
static void in_jemalloc_linked_in(void **state)
{
    (void)state;
    if (access(PATH_SUBJECT "_callers_jemalloc", X_OK))
        skip();
    callers_check(PATH_SUBJECT "_callers_jemalloc", PATH_SUBJECT "_callers_jemalloc", 0);
}

/* The allocators' libraries as distributions have them: with hardly a name but those that they give to
 * others.  What waits inside of them is none of the program's. */
static void in_library(const char *library, const char *size, const char *called, int may)
{
    struct place p = {0};
    if (!library_map(&p, library, 0x7f0000000000)) {
        printf("not there: %s\n", library);
        skip();
    }
    setenv("LD_PRELOAD", p.paths[0], 1);
    block_size = size;
    lock_name = called;
    callers_check(PATH_SUBJECT "_callers", PATH_SUBJECT "_callers", may);
    callers_check(PATH_SUBJECT "_callers_stripped", PATH_SUBJECT "_callers", may);
    unsetenv("LD_PRELOAD");
    block_size = lock_name = NULL;
}

/* Blocks of more than 256 KiB are pages. */
static void in_tcmallocs_page_heap(void **state)
{
    (void)state;
    in_library("libtcmalloc_minimal.so.4", "300000", "", MAY_WAIT_TWICE | MAY_MEET);
}

/* Lists of free blocks for all threads, by a program that frees in one thread what another has allocated. */
static void in_tcmallocs_central_lists(void **state)
{
    static const char *const own[] = {"take_block", "give_block"};
    struct place p = {0};
    struct trial t;
    struct mapping mapping = {.path = CENTRAL_SUBJECT};
    const struct module *program = module_get(twins, &mapping);
    uint64_t waits = 0, of_lists = 0;
    (void)state;
    assert_non_null(program);
    if (!library_map(&p, "libtcmalloc_minimal.so.4", 0x7f0000000000))
        skip();
    setenv("LD_PRELOAD", p.paths[0], 1);
    setenv("TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES", "524288", 1); /* no thread keeps much */
    trial_run(&t, &plain, CENTRAL_SUBJECT, NULL, NULL);
    unsetenv("TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES");
    unsetenv("LD_PRELOAD");
    assert_int_equal(t.m->outcome.exit_status, 0);
    for (size_t i = 0; i < t.m->lock_count; i++) {
        const struct lock *l = &t.m->locks[i];
        for (size_t k = 0; l->whose == WHOSE_MALLOC && k < l->waiter_count; k++) {
            const char *name = application_function(&t, program, l->waiters[k].node);
            if (l->waiters[k].waits && (!name || (strcmp(name, own[0]) != 0 && strcmp(name, own[1]) != 0)))
                fail_msg("%llu waits for %s by %s", (unsigned long long)l->waiters[k].waits, l->name,
                         name ? name : "nobody");
            waits += l->waiters[k].waits;
            of_lists += strstr(l->name, "central free list") ? l->waiters[k].waits : 0;
        }
    }
    print_message("%llu waits, %llu of them for central lists\n", (unsigned long long)waits,
                  (unsigned long long)of_lists);
    assert_true(of_lists > 0);
    measurement_free(t.m);
}

static void in_jemallocs_library(void **state)
{
    (void)state;
    setenv("MALLOC_CONF", "narenas:1", 1);
    in_library("libjemalloc.so.2", NULL, "lock of jemalloc (role not known: no symbols)",
               MAY_WAIT_TWICE | MAY_MEET);
    unsetenv("MALLOC_CONF");
}

static void in_static_musl(void **state)
{
    (void)state;
    if (access(PATH_SUBJECT "_musl_callers", X_OK))
        skip();
    callers_check(PATH_SUBJECT "_musl_callers", PATH_SUBJECT "_musl_callers", 0);
}

/* There the code alone tells which functions are malloc's kin. */
static void in_stripped_musl(void **state)
{
    (void)state;
    if (access(PATH_SUBJECT "_musl_callers_stripped", X_OK))
        skip();
    callers_check(PATH_SUBJECT "_musl_callers_stripped", PATH_SUBJECT "_musl_callers", 0);
    callers_check(PATH_SUBJECT "_musl_callers_small_stripped", PATH_SUBJECT "_musl_callers_small", 0);
}

/* There malloc's kin calls what waits by name, and hardly checks headers. */
static void in_stripped_oldmalloc(void **state)
{
    (void)state;
    if (access(PATH_SUBJECT "_oldmalloc_callers", X_OK))
        skip();
    callers_check(PATH_SUBJECT "_oldmalloc_callers", PATH_SUBJECT "_oldmalloc_callers", MAY_WAIT_TWICE);
    callers_check(PATH_SUBJECT "_oldmalloc_callers_stripped", PATH_SUBJECT "_oldmalloc_callers",
                  MAY_WAIT_TWICE | MAY_END);
    callers_check(PATH_SUBJECT "_oldmalloc_callers_small_stripped", PATH_SUBJECT "_oldmalloc_callers_small",
                  MAY_WAIT_TWICE | MAY_END);
}

static char **given;

static void in_a_given_one(void **state)
{
    const struct mapping mapping = {.path = given[1]};
    const struct module *twin = module_get(twins, &mapping);
    (void)state;
    assert_non_null(twin);
    callers_check(given[0], given[1],
                  module_symbol_named(twin, "mal") ? MAY_WAIT_TWICE | MAY_END : 0); /* oldmalloc's */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest one[] = {cmocka_unit_test(in_a_given_one)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_glibc),
        cmocka_unit_test(in_static_glibc),
        cmocka_unit_test(in_stripped_static_glibc),
        cmocka_unit_test(in_jemalloc_linked_in),
        cmocka_unit_test(in_jemallocs_library),
        cmocka_unit_test(in_tcmallocs_central_lists),
        cmocka_unit_test(in_tcmallocs_page_heap),
        cmocka_unit_test(in_static_musl),
        cmocka_unit_test(in_stripped_musl),
        cmocka_unit_test(in_stripped_oldmalloc),
    };
    struct error err = {""};
    if (checks_require(&err)) {
        printf("SKIPPED, all of them: %s\n", err.text);
        return 77;
    }
    if (session_open(&plain, &plain.session, &err)) {
        printf("%s\n", err.text);
        return 1;
    }
    if (!(twins = module_table_new()))
        return 1;
    given = argv + 1;
    int failed =
        argc == 3 ? cmocka_run_group_tests(one, NULL, NULL) : cmocka_run_group_tests(tests, NULL, NULL);
    module_table_free(twins);
    session_close(plain.session);
    return failed;
}
