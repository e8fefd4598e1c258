/* A program of 500 MB with two million symbols: what is asked for is found, in memory that has a bound.  How
 * long it takes is printed and not judged: a test must not depend on the machine's speed. */
#include "probes/elf/module.h"
#include "probes/names/allocators.h"
#include "probes/names/naming.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/elf/elf_make.h"
#include "tests/probes/folder.h"

#include <elf.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { SYMBOLS = 2000000, MEGABYTE = 1 << 20 };

static const struct elf_plan plan = {
    .symbols = SYMBOLS, .hole = 400ull * MEGABYTE, .last_name = "the_last_lock"};

/* Of CPU time. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static void assert_symbol(const struct module *m, uint64_t address, bool function, const char *expected)
{
    const struct symbol *s = module_symbol_at(m, address, function);
    assert_non_null(s);
    assert_string_equal(s->name, expected);
}

/* 16 bytes of each symbol and as much for sorting them, and not the 130 MB of the tables themselves. */
static void names_in_bounded_memory(void **state)
{
    const char *path = folder_path("huge");
    (void)state;
    elf_make(path, &plan);
    long before = peak_kib();
    double start = seconds();
    struct module_table *t = module_table_new();
    const struct module *m =
        module_get(t, &(struct mapping){.start = ELF_MAKE_CODE, .length = 4096, .path = path});
    assert_non_null(m);
    assert_symbol(m, ELF_MAKE_CODE + 1234567 / 2 * 16 + 3, true,
                  "_ZN8function6numberE617283jRKSt6vectorIiSaIiEEOS2_");
    assert_symbol(m, elf_make_data(&plan) + 16, false, "object_1");
    assert_symbol(m, ELF_MAKE_CODE + 16ull * SYMBOLS - 1, false, "the_last_lock");
    assert_null(module_symbol_at(m, ELF_MAKE_CODE + 16ull * SYMBOLS, false));
    assert_null(module_symbol_at(m, ELF_MAKE_CODE - 1, true));
    double by_address = seconds() - start;
    assert_null(allocator_of_module(m));
    const struct symbol *s = module_symbol_named(m, "the_last_lock");
    assert_non_null(s);
    assert_int_equal(s->address, ELF_MAKE_CODE + 16ull * (SYMBOLS - 1));
    print_message("CPU time: %.2f s for addresses, %.2f s in all; %ld MiB more at the peak\n", by_address,
                  seconds() - start, (peak_kib() - before) / 1024);
#if !defined(__SANITIZE_ADDRESS__) /* whose quarantine and shadow are memory too */
    assert_true(peak_kib() - before <= 80 * 1024);
    assert_true(mallinfo2().uordblks + mallinfo2().hblkhd <= 40 * (size_t)MEGABYTE);
#endif
    module_table_free(t);
    remove(path);
}

/* A file that claims more symbols than it has bytes has none. */
static void claims_without_bytes(void **state)
{
    (void)state;
    const char *path = folder_path("small");
    elf_make(path, &(struct elf_plan){.symbols = 10});
    size_t size;
    char *bytes = file_slurp(path, &size);
    Elf64_Ehdr *h = (void *)bytes;
    Elf64_Shdr *symtab = (Elf64_Shdr *)(void *)(bytes + h->e_shoff) + 1;
    symtab->sh_size = 1ull << 40;
    folder_file_write(path, bytes, size);
    free(bytes);
    struct module_table *t = module_table_new();
    const struct module *m =
        module_get(t, &(struct mapping){.start = ELF_MAKE_CODE, .length = 4096, .path = path});
    assert_non_null(m);
    assert_null(module_symbol_at(m, ELF_MAKE_CODE, true));
    module_table_free(t);
}

static int folder_begin(void **state)
{
    (void)state;
    folder_make();
    return 0;
}

static int folder_end(void **state)
{
    (void)state;
    folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_in_bounded_memory),
        cmocka_unit_test(claims_without_bytes),
    };
    return cmocka_run_group_tests(tests, folder_begin, folder_end);
}
