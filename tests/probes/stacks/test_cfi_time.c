/* What files cost whose unwind tables take long to read for each place that is asked about: no more than the
 * time for all of them, however many there are, and one of them doesn't take the others' time. */
#include "probes/stacks/cfi.h"
#include "tests/probes/cmocka_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum {
    FILES = 9,        /* more than have a child at a time */
    PLACES = 1000,    /* of each that are asked about, if it doesn't end before */
    ALL_SECONDS = 3,  /* of CPU time; a third of that is for one file */
    MORE_SECONDS = 1, /* which the child that is at it may use beyond: limits are in whole seconds */
};

static struct module_table *modules;

/* Each file `n` is another one to heapwait: its path is. */
static const struct module *file_of(const char *path, int n)
{
    char name[512];
    snprintf(name, sizeof(name), "%.*s%s", n, "//////////", path);
    struct mapping m = {.path = name};
    const struct module *found = module_get(modules, &m);
    assert_non_null(found);
    return found;
}

/* Memory whose every word holds its own address. */
static bool read_own_address(void *context, u64 address, u64 *value)
{
    (void)context;
    *value = address;
    return true;
}

/* Asks about a place of the file's code, by its distance from where the function begins. */
static enum cfi_result ask(struct cfi_tables *t, const struct module *m, const char *function, u64 distance)
{
    const struct symbol *s = module_symbol_named(m, function);
    struct registers r = {.known = (1ull << DWARF_REGISTERS) - 1};
    bool signal;
    assert_non_null(s);
    r.value[DWARF_SP] = 0x10000000;
    r.value[DWARF_FP] = 0x7000000000;
#if defined(__aarch64__)
    r.value[DWARF_LR] = 1;
#endif
    return cfi_step(t, m, s->address + distance, &r, read_own_address, NULL, &signal);
}

/* Returns the CPU time of the children that have ended, in seconds. */
static double children_used(void)
{
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void many_files_together(void **state)
{
    (void)state;
    struct cfi_tables *t = cfi_tables_new(ALL_SECONDS);
    const double before = children_used();
    int silent = 0;
    assert_non_null(t);
    assert_int_equal(ask(t, file_of(EH_FRAME_BOMB, 0), "first", 0), CFI_STEPPED);
    for (int place = 1; place < PLACES && silent < FILES; place++) {
        silent = 0;
        for (int n = 0; n < FILES; n++)
            silent += ask(t, file_of(EH_FRAME_BOMB, n), "first", (u64)place) != CFI_STEPPED;
        assert_true(children_used() - before <= ALL_SECONDS + MORE_SECONDS);
    }
    assert_int_equal(silent, FILES); /* now nothing more is read */
    cfi_tables_free(t);
    const double used = children_used() - before;
    print_message("%.2f s of CPU time\n", used);
    assert_true(used >= ALL_SECONDS - 0.1 && used <= ALL_SECONDS + MORE_SECONDS);
}

/* It makes room for others in between and begins anew: its time goes on. */
static void one_file_among_others(void **state)
{
    (void)state;
    struct cfi_tables *t = cfi_tables_new(ALL_SECONDS);
    const struct module *harmful = file_of(EH_FRAME_BOMB, 0);
    const double before = children_used();
    int place = 0;
    assert_non_null(t);
    for (; place < PLACES && ask(t, harmful, "first", (u64)place) == CFI_STEPPED; place++) {
        for (int n = 1; n < FILES; n++)
            ask(t, file_of(PATH_SUBJECT "_tables", n), "main", (u64)place);
        assert_true(children_used() - before < ALL_SECONDS);
    }
    assert_in_range(place, 1, PLACES - 1);
    assert_int_equal(ask(t, file_of(PATH_SUBJECT "_tables", 1), "main", 9), CFI_STEPPED);
    cfi_tables_free(t);
}

static int begin(void **state)
{
    (void)state;
    modules = module_table_new();
    return modules ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    module_table_free(modules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_files_together),
        cmocka_unit_test(one_file_among_others),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
