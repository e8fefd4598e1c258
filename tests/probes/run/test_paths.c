/* Who waits: a program whose callers are known exactly, built in the three ways that a stack can be read in.
 * Needs the privilege to trace: without it the file ends with 77, which CTest counts as skipped. */
#include "probes/elf/module.h"
#include "probes/measurement/call_tree.h"
#include "tests/probes/run/trial.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ALPHA = 33, GAMMA = 20, WAKES = 30, DEPTH = 80, DEEP = 3 };

static struct measure_options plain = {.sample_period_ns = SAMPLE_PERIOD_NS,
                                       .timeline_after_ns = 1000000,
                                       .timeline_length_ns = TIMELINE_LENGTH_NS};

/* The names of a stripped program's functions are taken from its twin. */
static struct module_table *twins;
static const struct module *twin;

static void twin_choose(const char *program)
{
    struct mapping m = {.path = program};
    twin = program ? module_get(twins, &m) : NULL;
    assert_true(!program || twin);
}

static const char *frame_name(const struct call_frame *f)
{
    const struct symbol *s = twin && !f->symbol ? module_symbol_at(twin, f->address - 1, true) : NULL;
    return f->symbol ? f->symbol : s ? s->name : "?";
}

/* What a path is made of, from the program's own innermost function to its outermost. */
static void path_write(const struct trial *t, uint32_t node, char *text, size_t size)
{
    size_t length = 0;
    bool begun = false, ended = false;
    text[0] = 0;
    for (const struct call_node *n; !ended && (n = call_tree_node(t->m->paths, node)); node = n->caller) {
        const char *symbol = frame_name(&n->frame);
        begun |= !strncmp(symbol, "word_", 5);
        ended = !strcmp(symbol, "main") || !strcmp(symbol, "thread_main");
        if (begun && length < size)
            length += (size_t)snprintf(text + length, size - length, "%s%s", length ? " " : "", symbol);
    }
}

struct expected {
    const char *path;
    uint64_t waits, wakes;
};

/* Without names the places of one function are different frames: they are added up. */
static void callers_check(const struct trial *t, const struct lock *l, const char *evidence)
{
    struct expected left[] = {
        {"word_wait beta alpha main", ALPHA, 0},
        {"word_wait gamma_of main", GAMMA, 0},
        {"word_wake thread_main", 0, WAKES},
    };
    const size_t count = sizeof(left) / sizeof(left[0]);
    for (size_t i = 0; i < l->waiter_count; i++) {
        const struct waiter *w = &l->waiters[i];
        char path[4096];
        path_write(t, w->node, path, sizeof(path));
        size_t k = 0;
        while (k < count && strcmp(left[k].path, path) != 0)
            k++;
        if (k == count || left[k].waits < w->waits || left[k].wakes < w->wakes ||
            strcmp(w->evidence, evidence) != 0)
            fail_msg("%llu waits and %llu wakes by %s: %s", (unsigned long long)w->waits,
                     (unsigned long long)w->wakes, w->evidence, path);
        left[k].waits -= w->waits;
        left[k].wakes -= w->wakes;
    }
    for (size_t k = 0; k < count; k++)
        if (left[k].waits || left[k].wakes)
            fail_msg("%s: %llu waits and %llu wakes are missing", left[k].path,
                     (unsigned long long)left[k].waits, (unsigned long long)left[k].wakes);
}

/* The depth that was seen of the recursion, and whether it was seen to its end. */
static size_t depth_seen(const struct trial *t, const char *evidence, bool *whole)
{
    const struct lock *l = lock_named(t, "deep_word");
    char path[4096], *at = path;
    size_t depth = 0;
    assert_int_equal(l->waiter_count, 1);
    assert_int_equal(l->waiters[0].waits, DEEP);
    assert_string_equal(l->waiters[0].evidence, evidence);
    path_write(t, l->waiters[0].node, path, sizeof(path));
    assert_int_equal(strncmp(at, "word_wait", 9), 0);
    for (at += 9; !strncmp(at, " deep", 5); at += 5)
        depth++;
    *whole = !strcmp(at, " main");
    assert_true(*whole || !*at);
    return depth;
}

/* The kernel follows frame pointers beyond the piece of stack that is copied. */
static void by_frame_pointers(void **state)
{
    struct trial t;
    bool whole;
    (void)state;
    trial_run(&t, &plain, PATH_SUBJECT "_pointers", NULL, NULL);
    callers_check(&t, lock_named(&t, "path_word"), "frame pointers");
    assert_int_equal(depth_seen(&t, "frame pointers", &whole), DEPTH + 1);
    assert_true(whole);
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

static void copied_part(const char *program, const char *evidence)
{
    struct trial t;
    bool whole;
    trial_run(&t, &plain, program, NULL, NULL);
    callers_check(&t, lock_named(&t, "path_word"), evidence);
    size_t depth = depth_seen(&t, evidence, &whole);
    assert_false(whole);
    assert_true(depth >= DEPTH / 4 && depth <= DEPTH);
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

static void by_unwind_tables(void **state)
{
    (void)state;
    copied_part(PATH_SUBJECT "_tables", "unwind tables");
}

static void by_return_addresses(void **state)
{
    (void)state;
    copied_part(PATH_SUBJECT "_neither", "return addresses");
}

/* A program with unwind tables in a C library without, and the whole of it without. */
static void in_static_musl(void **state)
{
    (void)state;
    if (access(PATH_SUBJECT "_musl_tables", X_OK))
        skip();
    copied_part(PATH_SUBJECT "_musl_tables", "return addresses");
    copied_part(PATH_SUBJECT "_musl_neither", "return addresses");
}

/* A program without a name for anything: the paths are the same, of addresses. */
static void stripped(const char *program, const char *whole, const char *evidence)
{
    struct trial t;
    const struct lock *found = NULL;
    trial_run(&t, &plain, program, NULL, NULL);
    for (size_t i = 0; i < t.m->lock_count && !found; i++)
        if (calls_of_word(&t.m->locks[i]) == ALPHA + GAMMA + WAKES)
            found = &t.m->locks[i];
    assert_non_null(found);
    twin_choose(whole);
    callers_check(&t, found, evidence);
    twin_choose(NULL);
    for (uint32_t i = 1; i <= call_tree_count(t.m->paths); i++) {
        const struct call_frame *f = &call_tree_node(t.m->paths, i)->frame;
        if (f->module && strstr(program, f->module)) {
            assert_null(f->symbol);
            assert_string_equal(f->class, "unknown");
        }
    }
    measurement_free(t.m);
}

static void without_symbols(void **state)
{
    (void)state;
    stripped(PATH_SUBJECT "_tables_stripped", PATH_SUBJECT "_tables", "unwind tables");
}

static void without_anything(void **state)
{
    (void)state;
    if (access(PATH_SUBJECT "_musl_neither", X_OK))
        skip();
    stripped(PATH_SUBJECT "_musl_tables_stripped", PATH_SUBJECT "_musl_tables", "return addresses");
    stripped(PATH_SUBJECT "_musl_neither_stripped", PATH_SUBJECT "_musl_neither", "return addresses");
}

/* ---- above malloc ---- */

enum { ROUNDS = 5 };

static bool is_between(const char *class)
{
    return !strcmp(class, "lock") || !strcmp(class, "allocator") || !strcmp(class, "library");
}

/* Whoever waits for malloc's lock is asker: the first frame that neither locks nor allocates. */
static void asker_check(const char *program, const char *whole)
{
    struct trial t;
    uint64_t waits = 0;
    const struct lock *l = NULL;
    trial_run(&t, &plain, program, NULL, NULL);
    for (size_t i = 0; i < t.m->lock_count && !l; i++)
        if (t.m->locks[i].whose == WHOSE_MALLOC)
            l = &t.m->locks[i];
    assert_non_null(l);
    twin_choose(whole);
    for (size_t i = 0; i < l->waiter_count; i++) {
        const struct call_node *n = call_tree_node(t.m->paths, l->waiters[i].node);
        while (n && is_between(n->frame.class))
            n = call_tree_node(t.m->paths, n->caller);
        assert_non_null(n);
        if (l->waiters[i].waits)
            assert_string_equal(frame_name(&n->frame), "asker");
        waits += l->waiters[i].waits;
    }
    twin_choose(NULL);
    assert_true(waits >= ROUNDS);
    measurement_free(t.m);
}

static void above_malloc(void **state)
{
    (void)state;
    if (access(PATH_SUBJECT "_malloc", X_OK))
        skip();
    asker_check(PATH_SUBJECT "_malloc", NULL);
    asker_check(PATH_SUBJECT "_malloc_stripped", PATH_SUBJECT "_malloc");
}

/* Of more calls than are kept a random part is: as many waits as there is room for. */
static void a_sample_of_many(void **state)
{
    struct trial t;
    uint64_t waits = 0, wakes = 0;
    (void)state;
    trial_run(&t, &plain, SUBJECT, "known", NULL);
    const struct lock *l = lock_named(&t, "known_word");
    for (size_t i = 0; i < l->waiter_count; i++) {
        waits += l->waiters[i].waits;
        wakes += l->waiters[i].wakes;
    }
    assert_int_equal(waits, 64); /* of 1032 */
    if (plain.probes == PROBES_WAITS)
        assert_int_equal(wakes, 64); /* of 234 */
    else
        assert_true(wakes >= 1 && wakes <= 64); /* of those that are timed */
    assert_nothing_lost(&t);
    measurement_free(t.m);
}

/* A thread that is killed in its wait is one of those who wait. */
static void killed_in_a_wait(void **state)
{
    struct trial t;
    (void)state;
    trial_run(&t, &plain, SUBJECT, "killed", NULL);
    const struct lock *l = lock_named(&t, "known_word");
    assert_int_equal(l->waiter_count, 1);
    assert_int_equal(l->waiters[0].waits, 1);
    char text[256] = "";
    for (const struct call_node *n = call_tree_node(t.m->paths, l->waiters[0].node); n;
         n = call_tree_node(t.m->paths, n->caller))
        if (n->frame.symbol && !strcmp(n->frame.symbol, "forever_waiter"))
            strcpy(text, n->frame.symbol);
    assert_string_equal(text, "forever_waiter");
    measurement_free(t.m);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_frame_pointers),   cmocka_unit_test(by_unwind_tables),
        cmocka_unit_test(by_return_addresses), cmocka_unit_test(in_static_musl),
        cmocka_unit_test(without_symbols),     cmocka_unit_test(without_anything),
        cmocka_unit_test(above_malloc),        cmocka_unit_test(a_sample_of_many),
        cmocka_unit_test(killed_in_a_wait),
    };
    if (!(twins = module_table_new()))
        return 1;
    int failed = trial_main(tests, TEST_COUNT(tests), &plain, argc > 1 ? argv[1] : "waits", NULL);
    module_table_free(twins);
    return failed;
}
