/* Whose word it is by the majority of its calls: paths that are made here, in files that are real. */
#include "probes/names/allocators.h"
#include "probes/names/caller_class.h"
#include "probes/names/naming.h"
#include "probes/names/word_use.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/names/place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char jemalloc_program[] = PASSWORDS "-musl+jemalloc";

enum { MOST = 6 };

/* A path by the names of its functions, the innermost first, and how many calls came by it. */
struct case_path {
    const char *functions[MOST];
    uint64_t calls;
};

/* A word of `file`, whose functions all are of that file, with what it is to be called. */
static void called(const char *file, const struct case_path *cases, size_t count, const char *name,
                   enum whose whose)
{
    static struct symbol symbols[8][MOST];
    struct word_path paths[8] = {0};
    struct naming *n = naming_new();
    struct word_name out;
    struct mapping mapping = {.path = file};
    struct module_table *modules = module_table_new();
    const struct module *m = module_get(modules, &mapping);
    assert_non_null(n);
    assert_non_null(m);
    for (size_t i = 0; i < count; i++) {
        paths[i].calls = cases[i].calls;
        for (size_t k = 0; k < MOST && cases[i].functions[k]; k++) {
            symbols[i][k] = (struct symbol){.name = cases[i].functions[k], .function = true};
            paths[i].frames[k] = (struct frame){.module = m, .function = &symbols[i][k]};
            paths[i].count = k + 1;
        }
    }
    assert_int_equal(naming_word(n,
                                 &(struct word_facts){.address = 0x7f0000001000,
                                                      .paths = paths,
                                                      .path_count = count,
                                                      .evidence.first_seen_ns = 1},
                                 &out),
                     0);
    assert_string_equal(out.name, name);
    assert_int_equal(out.whose, whose);
    word_name_free(&out);
    module_table_free(modules);
    naming_free(n);
}

/* The mutex of a queue: most calls are of the wait for a condition, which lets it go and takes it again. */
static void a_mutex_of_a_condition(void **state)
{
    static const struct case_path mutex[] = {
        {{"__lll_lock_wait", "pthread_cond_wait", "take", "main"}, 40},
        {{"__lll_lock_wait", "pthread_mutex_lock", "put", "main"}, 8},
        {{"__lll_lock_wake", "__pthread_mutex_unlock_usercnt", "pthread_cond_wait", "take", "main"}, 6},
        {{"__lll_lock_wake", "pthread_mutex_unlock", "put", "main"}, 4},
    };
    static const struct case_path condition[] = {
        {{"__futex_abstimed_wait_common", "pthread_cond_wait", "take", "main"}, 5},
        {{"pthread_cond_signal", "put", "main"}, 9},
    };
    (void)state;
    called(SUBJECT, mutex, 4, "word of put", WHOSE_OTHER);
    called(SUBJECT, condition, 2, "word of pthread_cond_signal", WHOSE_OTHER);
}

/* What most calls do is the role, whatever the first did; functions that no list has are the allocator's,
 * too.
 */
static void a_role_by_most_calls(void **state)
{
    static const struct case_path paths[] = {
        {{"__lock", "je_malloc_mutex_lock_slow", "helper", "malloc", "work"}, 1},
        {{"__lock", "je_malloc_mutex_lock_slow", "je_tcache_arena_associate", "malloc", "work"}, 3},
        {{"__lock", "je_malloc_mutex_lock_slow", "pac_dalloc_impl", "je_large_dalloc", "free", "work"}, 20},
        {{"__unlock", "extent_recycle", "je_ecache_alloc", "malloc", "work"}, 15},
    };
    static const struct case_path own[] = {{{"__lock", "je_malloc_mutex_lock_slow", "somebody"}, 2}};
    static const struct case_path once[] = {
        {{"__lock", "je_malloc_mutex_lock_slow", "je_extent_record", "free", "work"}, 1},
        {{"__lock", "stats_add", "work"}, 60},
    };
    (void)state;
    if (access(jemalloc_program, R_OK))
        skip();
    called(jemalloc_program, paths, 4, "lock of jemalloc (extents: pac_dalloc_impl)", WHOSE_MALLOC);
    called(jemalloc_program, own, 1, "lock of jemalloc (its own mutex)", WHOSE_MALLOC);
    called(jemalloc_program, once, 2, "word of stats_add", WHOSE_OTHER);
}

/* A program without symbols locks a mutex of its own, and something on its stack looks like a call of
 * calloc's in the C library: that library's malloc has no lock that another file takes. */
static void a_mutex_of_a_stripped_program(void **state)
{
    struct place p = {0};
    struct symbol names[] = {{.name = "__lll_lock_wait", .function = true},
                             {.name = "pthread_mutex_lock", .function = true},
                             {.name = "__libc_calloc", .function = true}};
    struct word_path path = {.calls = 9, .count = 5};
    struct word_name out;
    struct mapping mapping = {.path = SUBJECT};
    (void)state;
    if (!library_map(&p, "libc.so.6", 0x7f0000000000))
        skip();
    struct naming *n = naming_new();
    struct module_table *modules = module_table_new();
    const struct module *own = module_get(modules, &mapping), *libc = module_get(modules, &p.mappings[0]);
    assert_true(n && own && libc);
    path.frames[0] = (struct frame){.module = libc, .function = &names[0]};
    path.frames[1] = (struct frame){.module = libc, .function = &names[1]};
    path.frames[2] = (struct frame){.module = own};
    path.frames[3] = (struct frame){.module = libc, .function = &names[2]};
    path.frames[4] = (struct frame){.module = own};
    const struct word_facts facts = {
        .address = 0x7f1000001000, .paths = &path, .path_count = 1, .evidence.first_seen_ns = 1};
    assert_int_equal(naming_word(n, &facts, &out), 0);
    assert_int_not_equal(out.whose, WHOSE_MALLOC);
    assert_null(strstr(out.name, "lock of"));
    word_name_free(&out);
    module_table_free(modules);
    naming_free(n);
}

/* A library as distributions have it gives the names of malloc and its kin, and no more: whose lock it is is
 * known, what for is not, and it is said why. */
static void a_role_without_symbols(void **state)
{
    static const char *const libraries[][2] = {
        {"libjemalloc.so.2", "lock of jemalloc (role not known: no symbols)"},
        {"libtcmalloc_minimal.so.4", "lock of tcmalloc (role not known: no symbols)"},
    };
    struct symbol names[] = {{.name = "__lll_lock_wait", .function = true},
                             {.name = "malloc", .function = true},
                             {.name = "work", .function = true}};
    const struct mapping mapping = {.path = SUBJECT};
    size_t tried = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
        struct place p = {0};
        struct word_name out;
        if (!library_map(&p, "libc.so.6", 0x7f0000000000) ||
            !library_map(&p, libraries[i][0], 0x7f1000000000))
            continue;
        struct naming *n = naming_new();
        struct module_table *modules = module_table_new();
        const struct module *libc = module_get(modules, &p.mappings[0]),
                            *own = module_get(modules, &p.mappings[1]),
                            *program = module_get(modules, &mapping);
        struct word_path path = {.calls = 9, .count = 5};
        assert_true(n && libc && own && program);
        path.frames[0] = (struct frame){.module = libc, .function = &names[0]};
        path.frames[1] = path.frames[2] = (struct frame){.module = own};
        path.frames[3] = (struct frame){.module = own, .function = &names[1]};
        path.frames[4] = (struct frame){.module = program, .function = &names[2]};
        const struct word_facts facts = {
            .address = 0x7f2000001000, .paths = &path, .path_count = 1, .evidence.first_seen_ns = 1};
        assert_int_equal(naming_word(n, &facts, &out), 0);
        assert_string_equal(out.name, libraries[i][1]);
        assert_int_equal(out.whose, WHOSE_MALLOC);
        assert_non_null(strstr(out.evidence, "a function without a name in lib"));
        word_name_free(&out);
        module_table_free(modules);
        naming_free(n);
        tried++;
    }
    if (!tried)
        skip();
}

/* ---- what a word is for ---- */

/* What is asked of paths. */
struct use_answer {
    const char *use;
    bool apart;
};

/* Makes paths of functions of one file, innermost first, each with its calls; "" is a frame without a name.
 */
static struct use_answer answer_of(const struct case_path *paths, size_t count)
{
    static struct symbol symbols[8][MOST];
    static struct word_path list[8];
    struct mapping mapping = {.path = SUBJECT};
    struct module_table *modules = module_table_new();
    const struct module *m = module_get(modules, &mapping);
    assert_non_null(m);
    for (size_t i = 0; i < count; i++) {
        list[i] = (struct word_path){.calls = paths[i].calls};
        for (size_t k = 0; k < MOST && paths[i].functions[k]; k++, list[i].count++) {
            symbols[i][k] = (struct symbol){.name = paths[i].functions[k], .function = true};
            list[i].frames[k] =
                (struct frame){.module = m, .function = *paths[i].functions[k] ? &symbols[i][k] : NULL};
        }
    }
    const struct use_answer answer = {word_use(list, count), word_use_apart(list, count)};
    module_table_free(modules);
    return answer;
}

static const char *use_of(const struct case_path *paths, size_t count)
{
    return answer_of(paths, count).use;
}

#define ASSERT_USE(use, ...)                                                                                 \
    do {                                                                                                     \
        const struct case_path paths_[] = {__VA_ARGS__};                                                     \
        assert_string_equal(use_of(paths_, sizeof(paths_) / sizeof(paths_[0])), use);                        \
    } while (0)

static void uses(void **state)
{
    (void)state;
    ASSERT_USE("mutex", {{"__lll_lock_wait", "pthread_mutex_lock", "work"}, 3});
    ASSERT_USE("condition", {{"__futex_abstimed_wait_common", "pthread_cond_wait", "consume"}, 3});
    ASSERT_USE("condition", {{"", "pthread_cond_wait", "consume"}, 3});
    ASSERT_USE("join", {{"", "", "pthread_join", "_ZNSt6thread4joinEv", "main"}, 1});
    ASSERT_USE("idle", {{"__new_sem_wait_slow64", "sem_wait", "work"}, 1});
    ASSERT_USE("mutex", {{"_ZN3std3sys4sync5mutex5futex5Mutex14lock_contended17h0E", "work"}, 1});
    ASSERT_USE("condition", {{"syscall", "_ZN3std3sys4sync7condvar5futex7Condvar4wait17h0E", "work"}, 1});
    /* it takes its mutex again: told by what is innermost, and by most of the calls */
    ASSERT_USE("mutex", {{"__pthread_mutex_lock", "pthread_cond_wait", "consume"}, 1});
    ASSERT_USE("mutex", {{"", "pthread_cond_wait", "consume"}, 2},
               {{"", "pthread_mutex_unlock", "produce"}, 3});
    /* nothing tells: an application's function comes first; the two are alike; nobody has a name */
    assert_null(use_of((const struct case_path[]){{{"work", "pthread_mutex_lock", "main"}, 3}}, 1));
    assert_null(
        use_of((const struct case_path[]){{{"pthread_mutex_lock", "a"}, 1}, {{"sem_wait", "b"}, 1}}, 2));
    assert_null(use_of((const struct case_path[]){{{"", ""}, 1}}, 1));
    assert_null(use_of(NULL, 0));
}

#define APART(...) answer_of((const struct case_path[]){{{__VA_ARGS__}, 1}}, 1).apart

/* A word is none of malloc's if its callers have names, and none is malloc. */
static void apart(void **state)
{
    (void)state;
    assert_true(APART("__lll_lock_wait", "pthread_mutex_lock", "work", "main", ""));
    assert_true(APART("pthread_mutex_unlock", "work", ""));
    assert_false(APART("__lll_lock_wait", "malloc", "work"));
    assert_false(APART("__lll_lock_wait", "get_chunk", "malloc", "work"));
    assert_false(APART("__lll_lock_wait", "pool_get", "_Znwm", "work"));
    assert_false(APART("", "work", "main"));
    assert_false(APART("pthread_mutex_lock", "", "work"));
    assert_false(APART("pthread_mutex_lock"));
    assert_false(APART("work"));
    assert_false(answer_of(NULL, 0).apart);
    assert_false(
        answer_of((const struct case_path[]){{{"pthread_mutex_lock", "work"}, 99}, {{"__lock", "malloc"}, 1}},
                  2)
            .apart);
}

/* What holds malloc and much more: not all that it waits for is malloc's. */
static void a_runtime_is_no_allocators_library(void **state)
{
    static const char *const runtimes[] = {"libtsan.so.2", "libasan.so.8", "liblsan.so.0"};
    struct module_table *modules = module_table_new();
    size_t tried = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
        struct place p = {0};
        if (!library_map(&p, runtimes[i], 0x7f0000000000))
            continue;
        const struct module *m = module_get(modules, &p.mappings[0]);
        assert_non_null(m);
        assert_false(allocator_is_library(m));
        assert_non_null(allocator_of_module(m));
        tried++;
    }
    module_table_free(modules);
    if (!tried)
        skip();
}

/* ---- who called ---- */

static void classes_check(const char *file, const char *const *functions, const char *const *expected)
{
    struct symbol symbols[16];
    struct frame frames[16];
    const char *classes[16];
    size_t count = 0;
    struct naming *n = naming_new();
    struct mapping mapping = {.path = file};
    struct module_table *modules = module_table_new();
    const struct module *m = module_get(modules, &mapping);
    assert_non_null(n);
    assert_non_null(m);
    for (; functions[count]; count++) {
        symbols[count] = (struct symbol){.name = functions[count], .function = true};
        frames[count] = (struct frame){.module = m, .function = &symbols[count]};
    }
    caller_class_path(n, frames, count, classes);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(classes[i], expected[i]);
    module_table_free(modules);
    naming_free(n);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Whatever stands between malloc and the lock is the allocator's; what has a name like that of an allocator's
 * and stands outside is not. */
static void classes_of_a_path(void **state)
{
    (void)state;
    classes_check(SUBJECT, LIST("pthread_mutex_lock", "strange", "stranger", "free", "work", "main"),
                  LIST("lock", "allocator", "allocator", "allocator", "program", "program"));
    classes_check(SUBJECT, LIST("pthread_mutex_lock", "refill", "malloc", "hook", "malloc", "_Znwm", "work"),
                  LIST("lock", "allocator", "allocator", "allocator", "allocator", "allocator", "program"));
    classes_check(SUBJECT, LIST("pthread_mutex_lock", "work", "main"), LIST("lock", "program", "program"));
    if (access(jemalloc_program, R_OK))
        skip();
    classes_check(jemalloc_program,
                  LIST("__lock", "je_x", "queue_take", "je_tsd_cleanup", "pthread_exit", "work"),
                  LIST("lock", "allocator", "allocator", "allocator", "lock", "program"));
    classes_check(jemalloc_program, LIST("__lock", "malloc", "work", "get_meta", "main"),
                  LIST("lock", "allocator", "program", "program", "program"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mutex_of_a_condition),
        cmocka_unit_test(a_role_by_most_calls),
        cmocka_unit_test(uses),
        cmocka_unit_test(apart),
        cmocka_unit_test(a_mutex_of_a_stripped_program),
        cmocka_unit_test(a_role_without_symbols),
        cmocka_unit_test(a_runtime_is_no_allocators_library),
        cmocka_unit_test(classes_of_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
