/* Stripped static programs, recorded: malloc's lock is the hottest that is malloc's, at the address that the
 * twin with symbols names, and none of the program's own locks is taken for it.  Needs the privilege to
 * trace. */
#include "probes/elf/module.h"
#include "probes/measurement/measurement.h"
#include "tests/probes/run/trial.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct measure_options plain = {.probes = PROBES_WAITS};

static const char *const own_words[] = {"own_mutex", "own_heap_lock", "own_parker"};

/* The symbol's address and size in the twin; 0: it has none. */
static uint64_t twin_symbol(const char *name, const char *symbol, uint64_t *size)
{
    char path[PATH_MAX], real[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof(path), PROGRAMS "/%s", name);
    assert_non_null(realpath(path, real));
    assert_int_equal(stat(real, &st), 0);
    struct mapping mapping = {.inode = st.st_ino, .path = real};
    struct module_table *table = module_table_new();
    const struct module *m = module_get(table, &mapping);
    const struct symbol *s = m ? module_symbol_named(m, symbol) : NULL;
    uint64_t address = s ? s->address : 0;
    *size = s ? s->size : 0;
    module_table_free(table);
    return address;
}

static const struct lock *lock_at(const struct trial *t, uint64_t address)
{
    for (size_t i = 0; i < t->m->lock_count; i++)
        if (t->m->locks[i].address == address)
            return &t->m->locks[i];
    return NULL;
}

/* Where many processes share the machine, threads may run one after the other and never meet: such a run says
 * nothing about the hottest lock, and there is another one. */
enum { MAX_RUNS = 30 };

/* Returns true if threads met at malloc's lock, more often than at any other. */
static bool heap_meets(const char *name, const char *allocator)
{
    char program[512];
    uint64_t size, ignored, malloc_calls = 0;
    struct trial t;
    snprintf(program, sizeof(program), PROGRAMS "/%s.stripped", name);
    trial_run(&t, &plain, program, "heap", NULL);
    uint64_t lock = twin_symbol(name, strcmp(allocator, "mallocng") ? "mal" : "__malloc_lock", &size);
    assert_true(lock != 0);
    lock += said(&t, "own_mutex") - twin_symbol(name, "own_mutex", &ignored); /* where it was loaded */
    for (size_t i = 0; i < t.m->lock_count; i++) {
        const struct lock *l = &t.m->locks[i];
        bool inside = l->address >= lock && l->address < lock + size;
        if (inside != (l->whose == WHOSE_MALLOC))
            fail_msg("%s: %s at 0x%llx is%s malloc's (%s)", name, l->name, (unsigned long long)l->address,
                     l->whose == WHOSE_MALLOC ? "" : " not", l->evidence);
        if (!inside)
            continue;
        malloc_calls += calls_of_word(l);
        assert_string_equal(l->allocator, allocator);
        assert_int_equal(strncmp(l->name, "malloc's lock in ", 17), 0);
        assert_int_equal(strncmp(l->evidence, "code: ", 6), 0);
    }
    assert_string_equal(t.m->libc, "musl");
    assert_string_equal(t.m->allocator, allocator);
    const bool met = malloc_calls > 0 && t.m->locks[0].whose == WHOSE_MALLOC;
    measurement_free(t.m);
    return met;
}

static void heap_check(const char *name, const char *allocator)
{
    int runs = 0;
    while (!heap_meets(name, allocator))
        assert_true(++runs < MAX_RUNS);
}

static void own_check(const char *name, const char *allocator)
{
    char program[512];
    struct trial t;
    snprintf(program, sizeof(program), PROGRAMS "/%s.stripped", name);
    trial_run(&t, &plain, program, "own", NULL);
    assert_string_equal(t.m->allocator, allocator);
    for (size_t i = 0; i < sizeof(own_words) / sizeof(own_words[0]); i++) {
        const struct lock *l = lock_at(&t, said(&t, own_words[i]));
        if (!l)
            fail_msg("%s: no call on %s was seen", name, own_words[i]);
        assert_int_equal(strncmp(l->name, "unnamed word in ", 16), 0);
        if (l->whose != WHOSE_OTHER)
            fail_msg("%s: whose %s is, is not known (%s)", name, own_words[i], l->evidence);
    }
    for (size_t i = 0; i < t.m->lock_count; i++)
        if (t.m->locks[i].whose == WHOSE_MALLOC)
            fail_msg("%s: %s is called malloc's (%s)", name, t.m->locks[i].name, t.m->locks[i].evidence);
    measurement_free(t.m);
}

/* jemalloc's mutexes lie in its own memory, where no symbol could name them either. */
static void guest_heap_check(const char *name, const char *allocator)
{
    char program[512];
    struct trial t;
    snprintf(program, sizeof(program), PROGRAMS "/%s.stripped", name);
    trial_run(&t, &plain, program, "heap", NULL);
    assert_string_equal(t.m->allocator, allocator);
    for (size_t i = 0; i < t.m->lock_count; i++) {
        const struct lock *l = &t.m->locks[i];
        if (l->whose == WHOSE_MALLOC && (strcmp(l->allocator, "jemalloc") ||
                                         strncmp(l->evidence, "layout: the statistics of a mutex", 33)))
            fail_msg("%s: %s is called %s's (%s)", name, l->name, l->allocator, l->evidence);
    }
    measurement_free(t.m);
}

/* Calls for each program of the list whose name begins so. */
static void each_subject(const char *prefix, unsigned least,
                         void (*check)(const char *name, const char *allocator))
{
    char line[1024], name[128], allocator[32];
    unsigned count = 0;
    FILE *list = fopen(PROGRAMS "/list", "r");
    if (!list)
        skip();
    while (fgets(line, sizeof(line), list)) {
        assert_int_equal(sscanf(line, "%127s %31s", name, allocator), 2);
        if (strncmp(name, prefix, strlen(prefix)))
            continue;
        check(name, allocator);
        count++;
    }
    fclose(list);
    assert_true(count >= least);
}

static void malloc_lock_is_the_hottest(void **state)
{
    (void)state;
    each_subject("subject-", 4, heap_check);
}

static void own_locks_are_not_mallocs(void **state)
{
    (void)state;
    each_subject("subject-", 4, own_check);
}

static void own_locks_beside_a_guest(void **state)
{
    (void)state;
    each_subject("guest-", 0, own_check);
}

static void locks_of_a_guest(void **state)
{
    (void)state;
    each_subject("guest-", 0, guest_heap_check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malloc_lock_is_the_hottest),
        cmocka_unit_test(own_locks_are_not_mallocs),
        cmocka_unit_test(own_locks_beside_a_guest),
        cmocka_unit_test(locks_of_a_guest),
    };
    return trial_main(tests, TEST_COUNT(tests), &plain, NULL, NULL);
}
