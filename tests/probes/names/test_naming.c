/* Naming by evidence: a symbol names what lies inside its size and nothing beside it; return addresses on
 * stacks made here; and each variant of the password program that was built shows its libc, linkage and
 * allocator in mappings as the kernel would have reported them. */
#include "probes/names/allocators.h"
#include "probes/names/naming.h"
#include "probes/stacks/frames.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/folder.h"
#include "tests/probes/names/named.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_symbol_names_its_own_bytes(void **state)
{
    struct place p;
    (void)state;
    subject_map(&p);
    struct symbol known = symbol_of(&p, "known_word"), many = symbol_of(&p, "many_words");
    assert_int_equal(known.size, 4);
    assert_int_equal(many.size, 4 << 17);
    assert_called(&p, subject_bias + known.address, "known_word", true);
    assert_called(&p, subject_bias + known.address + 3, "known_word+0x3", true);
    assert_not_called(&p, subject_bias + known.address + 4, "known_word");
    assert_not_called(&p, subject_bias + known.address - 1, "known_word");
    assert_not_called(&p, subject_bias + many.address + many.size, "many_words");
    assert_called(&p, subject_bias + many.address + many.size - 4, "many_words[131071]", true);
    assert_called(&p, subject_bias + many.address + many.size + 4096, "unnamed word at 0x", false);
    assert_called(&p, known.address, "unnamed word at 0x", false); /* without the bias it is elsewhere */
}

static void without_mappings(void **state)
{
    struct named n;
    (void)state;
    word_ask(&n, &(struct word_facts){.address = 0x1234});
    assert_string_equal(n.name.name, "unnamed word at 0x1234");
    assert_string_equal(n.name.evidence, "none: the process's mappings are not known");
    assert_null(n.name.module);
    named_free(&n);
}

/* What a value is usual for stands beside "none", and makes no name. */
static void values_prove_nothing(void **state)
{
    struct place p;
    (void)state;
    subject_map(&p);
    static const struct {
        uint32_t value;
        bool waited;
        const char *text;
    } cases[] = {{0x80000002, true, "musl's own locks"},
                 {0xffffffff, true, "parked thread"},
                 {2, true, "mutexes of glibc"},
                 {2, false, NULL},
                 {7, true, NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct named n;
        word_ask(&n, &(struct word_facts){.space = &p.space,
                                          .address = 0x1234,
                                          .waited = cases[i].waited,
                                          .evidence = {.expected = cases[i].value}});
        assert_int_not_equal(n.name.whose, WHOSE_MALLOC);
        assert_int_equal(strncmp(n.name.evidence, "none", 4), 0);
        if (cases[i].text ? !strstr(n.name.evidence, cases[i].text)
                          : strstr(n.name.evidence, "usual") != NULL)
            fail_msg("0x%x: %s", cases[i].value, n.name.evidence);
        named_free(&n);
    }
}

/* A file of the process that can't be read may be the one. */
static void files_not_reachable(void **state)
{
    struct place p;
    struct named n;
    (void)state;
    subject_map(&p);
    p.mappings[0].path = "/nowhere/program";
    word_ask(&n, &(struct word_facts){.space = &p.space, .address = subject_bias + 0x4000});
    assert_non_null(strstr(n.name.evidence, "file not reachable: /nowhere/program"));
    named_free(&n);
}

/* ---- stacks ---- */

#if defined(__x86_64__)
/* A call in the subject's code from one function to another. */
struct call {
    struct symbol caller, callee;
    uint64_t behind; /* the return address, in the file */
};

static bool call_find(const struct module *m, const char *caller, const char *callee, struct call *c)
{
    const struct symbol *from = module_symbol_named(m, caller), *to = module_symbol_named(m, callee);
    uint8_t code[4096];
    if (!from || !to || from->size > sizeof(code) || !module_bytes(m, from->address, code, from->size))
        return false;
    for (size_t i = 0; i + 5 <= from->size; i++) {
        int32_t distance;
        memcpy(&distance, code + i + 1, sizeof(distance));
        uint64_t behind = from->address + i + 5;
        if (code[i] != 0xe8 || behind + (uint64_t)(int64_t)distance != to->address)
            continue;
        *c = (struct call){*from, *to, behind};
        return true;
    }
    return false;
}

struct scan {
    struct module_table *modules;
    struct naming *naming;
    struct place place;
    struct call call;
    struct stack_value stack;
    struct frame frames[MAX_FRAMES];
};

static bool scan_resolve(void *context, uint64_t address, const struct module **module, uint64_t *own)
{
    struct scan *s = context;
    return naming_resolve(s->naming, &s->place.space, address, module, own);
}

static void scan_begin(struct scan *s)
{
    memset(s, 0, sizeof(*s));
    subject_map(&s->place);
    s->naming = naming_new();
    s->modules = module_table_new();
    const struct module *m = module_get(s->modules, &s->place.mappings[0]);
    assert_non_null(m);
    assert_true(call_find(m, "wakes", "futex", &s->call) || call_find(m, "main", "wakes", &s->call) ||
                call_find(m, "main", "asleep_await", &s->call));
    s->stack.ip = subject_bias + s->call.callee.address + 1;
    s->stack.words = STACK_WORDS;
}

static size_t scan_run(struct scan *s, size_t max)
{
    return frames_scan(&s->stack, scan_resolve, s, s->frames, max);
}

static void scan_end(struct scan *s)
{
    naming_free(s->naming);
    module_table_free(s->modules);
}

static void frames_behind_calls(void **state)
{
    struct scan s;
    (void)state;
    scan_begin(&s);
    s.stack.slots[0] = UINT64_MAX; /* what else lies on stacks */
    s.stack.slots[1] = 7;
    s.stack.slots[2] = subject_bias + s.call.caller.address; /* code, but behind no call */
    s.stack.slots[3] = subject_bias + s.call.behind + 1;
    s.stack.slots[9] = subject_bias + s.call.behind;
    assert_int_equal(scan_run(&s, MAX_FRAMES), 2);
    assert_string_equal(s.frames[0].function->name, s.call.callee.name);
    assert_string_equal(s.frames[1].function->name, s.call.caller.name);
    assert_int_equal(s.frames[1].address, s.call.behind);
    assert_int_equal(scan_run(&s, 1), 1);
    assert_int_equal(scan_run(&s, 0), 0);
    s.stack.slots[9] = 0;
    s.stack.link = subject_bias + s.call.behind; /* still in a register, on other machines */
    assert_int_equal(scan_run(&s, MAX_FRAMES), 2);
    assert_string_equal(s.frames[1].function->name, s.call.caller.name);
    s.stack.link++;
    assert_int_equal(scan_run(&s, MAX_FRAMES), 1);
    scan_end(&s);
}

/* A call of something else than the function that runs is left of an older call. */
static void frames_of_older_calls(void **state)
{
    struct scan s;
    (void)state;
    scan_begin(&s);
    s.stack.ip = subject_bias + s.call.caller.address + 1; /* the caller does not call itself */
    s.stack.slots[0] = subject_bias + s.call.behind;
    assert_int_equal(scan_run(&s, MAX_FRAMES), 1);
    scan_end(&s);
}

static void frames_end_with_the_stack(void **state)
{
    struct scan s;
    (void)state;
    scan_begin(&s);
    s.stack.slots[STACK_WORDS - 1] = subject_bias + s.call.behind;
    assert_int_equal(scan_run(&s, MAX_FRAMES), 2);
    s.stack.words = STACK_WORDS - 1;
    assert_int_equal(scan_run(&s, MAX_FRAMES), 1);
    s.stack.words = UINT32_MAX; /* more than there are */
    assert_int_equal(scan_run(&s, MAX_FRAMES), 2);
    s.stack.ip = 0x1000; /* in no file: nothing is known of where the walk begins */
    assert_int_equal(scan_run(&s, MAX_FRAMES), 0);
    scan_end(&s);
}

static void code_takes_addresses(void **state)
{
    struct scan s;
    (void)state;
    scan_begin(&s);
    const struct module *m = module_get(s.modules, &s.place.mappings[0]);
    assert_true(frame_code_refers(m, "known_waiter", module_symbol_named(m, "known_word")->address));
    assert_false(frame_code_refers(m, "known_waiter", module_symbol_named(m, "known_word")->address + 1));
    assert_false(frame_code_refers(m, "no_such_function", 0));
    assert_false(frame_code_refers(m, "known_word", 0)); /* no function */
    scan_end(&s);
}
#endif

/* ---- the variants of the password program ---- */

static const struct variant {
    const char *name, *libc, *linkage, *allocator;
    const char *lock;         /* the allocator's lock in the program itself; NULL: none that has a name */
    const char *libraries[3]; /* beside the interpreter, in the order of mapping */
} variants[] = {
    {"glibc", "glibc", "dynamic", "ptmalloc", NULL, {"libc.so.6"}},
    {"glibc-static", "glibc", "static", "ptmalloc", "main_arena", {NULL}},
    {"musl", "musl", "static", "mallocng", "__malloc_lock", {NULL}},
    {"musl-oldmalloc", "musl", "static", "oldmalloc", "mal", {NULL}},
    {"musl-dynamic", "musl", "dynamic", "mallocng", NULL, {NULL}},
    {"musl+jemalloc", "musl", "static", "jemalloc", "je_arenas_lock", {NULL}},
    {"musl+mimalloc", "musl", "static", "mimalloc", NULL, {NULL}},
    {"glibc+jemalloc", "glibc", "dynamic", "jemalloc", NULL, {"libjemalloc.so.2", "libc.so.6"}},
    {"glibc+mimalloc", "glibc", "dynamic", "mimalloc", NULL, {"libmimalloc.so.2", "libc.so.6"}},
    {"glibc+tcmalloc", "glibc", "dynamic", "tcmalloc", NULL, {"libtcmalloc_minimal.so.4", "libc.so.6"}},
};

static bool variant_map(const struct variant *v, struct place *p)
{
    char path[512], interpreter[256] = "";
    snprintf(path, sizeof(path), PASSWORDS "-%s", v->name);
    memset(p, 0, sizeof(*p));
    if (access(path, R_OK))
        return false;
    place_map(p, path, 0x555500000000, interpreter, sizeof(interpreter));
    if (interpreter[0])
        place_map(p, interpreter, 0x7f0000000000, NULL, 0);
    for (size_t i = 0; i < 3 && v->libraries[i]; i++)
        if (!library_map(p, v->libraries[i], 0x7e0000000000 + (i << 32)))
            return false;
    return true;
}

static void variant_program(const struct variant *v, const struct place *p)
{
    const char *libc, *linkage, *allocator;
    struct naming *n = naming_new();
    naming_program(n, &p->space, &libc, &linkage, &allocator);
    if (!libc || !linkage || !allocator || strcmp(libc, v->libc) || strcmp(linkage, v->linkage) ||
        (strcmp(allocator, v->allocator) &&
         !(!strcmp(v->name, "musl-dynamic") && !strcmp(allocator, "musl malloc"))))
        fail_msg("%s: %s, %s, %s", v->name, libc ? libc : "?", linkage ? linkage : "?",
                 allocator ? allocator : "?");
    naming_free(n);
}

/* A word in the allocator's lock is malloc's; one in the program's own data is not. */
static void variant_lock(const struct variant *v, const struct place *p)
{
    struct named n;
    struct symbol lock = symbol_of(p, v->lock);
    uint64_t bias = 0;
    struct module_table *t = module_table_new();
    assert_true(module_bias(module_get(t, &p->mappings[0]), &p->mappings[0], &bias));
    module_table_free(t);
    word_ask(&n, &(struct word_facts){.space = &p->space, .address = lock.address + bias});
    size_t length = strlen(v->lock); /* a member may follow */
    if (n.name.whose != WHOSE_MALLOC || strncmp(n.name.name, v->lock, length) != 0 ||
        !strchr(".[", n.name.name[length]) || strcmp(n.name.allocator, v->allocator))
        fail_msg("%s: %s is called %s (%s)", v->name, v->lock, n.name.name, n.name.evidence);
    named_free(&n);
}

static void each_variant(void **state)
{
    unsigned seen = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
        struct place p;
        if (!variant_map(&variants[i], &p)) {
            print_message("%s is not there\n", variants[i].name);
            continue;
        }
        variant_program(&variants[i], &p);
        if (variants[i].lock)
            variant_lock(&variants[i], &p);
        seen++;
    }
    if (!seen)
        skip();
}

/* Names that mean a lock in an allocator mean nothing in a program that holds none. */
static void allocators_names_elsewhere(void **state)
{
    static const char *const names[] = {"mal",         "__malloc_lock", "main_arena",
                                        "arenas_lock", "init_lock",     "mi_x"};
    struct place p;
    struct module_table *t = module_table_new();
    (void)state;
    subject_map(&p);
    const struct module *m = module_get(t, &p.mappings[0]);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_null(allocator_of_lock(m, names[i]));
    assert_null(allocator_of_function(m, "mi_malloc"));
    assert_null(allocator_of_function(m, "_int_malloc"));
    assert_null(allocator_of_module(m));
    assert_null(allocator_of_library(m));
    assert_null(allocator_libc_of_module(m));
    assert_true(allocator_has_function(m, "malloc"));
    assert_false(allocator_has_function(m, "main"));
    module_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_symbol_names_its_own_bytes),
        cmocka_unit_test(without_mappings),
        cmocka_unit_test(values_prove_nothing),
        cmocka_unit_test(files_not_reachable),
#if defined(__x86_64__)
        cmocka_unit_test(frames_behind_calls),
        cmocka_unit_test(frames_of_older_calls),
        cmocka_unit_test(frames_end_with_the_stack),
        cmocka_unit_test(code_takes_addresses),
#endif
        cmocka_unit_test(each_variant),
        cmocka_unit_test(allocators_names_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
