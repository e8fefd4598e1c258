/* What a process allocates with, by the files that it has mapped: real libraries in the orders in which
 * loaders map them, and programs made here that hold the symbols of an allocator. */
#include "probes/names/naming.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/elf/elf_make.h"
#include "tests/probes/folder.h"
#include "tests/probes/names/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__)
#define LOADER "ld-linux-aarch64.so.1"
#else
#define LOADER "ld-linux-x86-64.so.2"
#endif

static struct place place;

/* A program that has this symbol, and wants a dynamic linker. */
static void program_map(const char *symbol)
{
    const char *path = folder_path("program");
    memset(&place, 0, sizeof(place));
    elf_make(path, &(struct elf_plan){.symbols = 4, .last_name = symbol, .interpreter = true});
    place_map(&place, path, 0, NULL, 0);
}

static void libraries_map(const char *const *names)
{
    for (uint64_t bias = 0x7e0000000000; *names; names++, bias += 1ull << 32)
        if (!library_map(&place, *names, bias)) {
            print_message("%s is not there\n", *names);
            skip();
        }
}
#define LIBRARIES(...) libraries_map((const char *const[]){__VA_ARGS__, NULL})

static void assert_allocator(const char *expected, const char *evidence)
{
    const char *allocator;
    struct naming *n = naming_new();
    char *text = naming_allocator(n, &place.space, &allocator);
    assert_non_null(allocator);
    if (strcmp(allocator, expected) || !text || !strstr(text, evidence))
        fail_msg("%s (%s), not %s (%s)", allocator, text, expected, evidence);
    free(text);
    naming_free(n);
}

static void the_c_librarys_own(void **state)
{
    (void)state;
    program_map("main");
    LIBRARIES(LOADER, "libc.so.6");
    assert_allocator("ptmalloc", "malloc is libc.so.6's");
}

/* LD_PRELOAD's libraries are mapped before the C library. */
static void the_first_in_link_order(void **state)
{
    (void)state;
    program_map("main");
    LIBRARIES(LOADER, "libjemalloc.so.2", "libmimalloc.so.2", "libc.so.6");
    assert_allocator("jemalloc", "malloc is libjemalloc.so.2's, known by the file's name");
}

/* A library that was opened later is behind the C library: its malloc is nobody's. */
static void opened_later(void **state)
{
    (void)state;
    program_map("main");
    LIBRARIES(LOADER, "libc.so.6", "libjemalloc.so.2");
    for (size_t i = 0; i < place.space.mapping_count; i++)
        place.mappings[i].since_ns = 1000 + i;
    assert_allocator("ptmalloc", "malloc is libc.so.6's");
}

/* Rust's jemalloc: malloc is the C library's, and the program does not use it. */
static void prefixed_in_the_program(void **state)
{
    (void)state;
    program_map("_rjem_malloc");
    LIBRARIES(LOADER, "libc.so.6");
    assert_allocator("jemalloc",
                     "_rjem_malloc is linked into program; malloc itself is libc.so.6's (ptmalloc)");
    program_map("mi_malloc");
    LIBRARIES(LOADER, "libc.so.6");
    assert_allocator("mimalloc", "mi_malloc is linked into program; malloc itself is libc.so.6's (ptmalloc)");
    program_map("_mi_malloc_generic"); /* what is left of it in a released Rust program with symbols */
    LIBRARIES(LOADER, "libc.so.6");
    assert_allocator("mimalloc", "_mi_malloc_generic is linked into program");
}

/* malloc of a library that is in no table: an interposer, another allocator. */
static void in_no_table(void **state)
{
    (void)state;
    program_map("malloc");
    LIBRARIES(LOADER, "libc.so.6");
    assert_allocator("unknown", "malloc is program's, which is no allocator that heapwait knows");
}

static void nothing_tells(void **state)
{
    (void)state;
    memset(&place, 0, sizeof(place));
    const char *path = folder_path("static");
    elf_make(path, &(struct elf_plan){.symbols = 4});
    place_map(&place, path, 0, NULL, 0);
    assert_allocator("unknown", "no symbol malloc in static");
    assert_int_equal(remove(path), 0);
    assert_allocator("unknown", "the program's file is not reachable: ");
    const char *allocator = "";
    struct naming *n = naming_new();
    assert_null(naming_allocator(n, NULL, &allocator)); /* no mappings: nobody looked */
    assert_null(allocator);
    naming_free(n);
}

/* Go's runtime has a heap of its own; with cgo there is malloc as well. */
static void the_heap_of_go(void **state)
{
    static const struct elf_plan plan = {.symbols = 4, .last_name = "runtime.mheap_"};
    const char *path = folder_path("program");
    struct word_name name;
    (void)state;
    memset(&place, 0, sizeof(place));
    elf_make(path, &plan);
    place_map(&place, path, 0, NULL, 0);
    assert_allocator("Go", "runtime.mheap_ is linked into program, which calls no malloc");
    const uint64_t heap = elf_make_data(&plan) + ELF_MAKE_STEP;
    struct naming *n = naming_new();
    assert_int_equal(naming_word(n, &(struct word_facts){.space = &place.space, .address = heap + 4}, &name),
                     0);
    assert_string_equal(name.name, "runtime.mheap_+0x4");
    assert_string_equal(name.allocator, "Go");
    word_name_free(&name);
    assert_int_equal(naming_word(n, &(struct word_facts){.space = &place.space, .address = heap - 4}, &name),
                     0);
    assert_int_equal(name.whose,
                     WHOSE_OTHER); /* what it allocates with is known: the name of another counts */
    word_name_free(&name);
    naming_free(n);
    program_map("runtime.mheap_");
    LIBRARIES(LOADER, "libc.so.6");
    assert_allocator("Go", "runtime.mheap_ is linked into program; malloc itself is libc.so.6's (ptmalloc)");
}

/* A malloc in a program into which a C library is linked is not that library's. */
static void beside_a_linked_libc(void **state)
{
    static const struct {
        const char *libc, *allocator;
    } cases[] = {{"__init_libc", "unknown"}, {"__libc_setup_tls", "unknown"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path = folder_path("static");
        memset(&place, 0, sizeof(place));
        elf_make(path, &(struct elf_plan){.symbols = 4, .last_name = "malloc", .first_name = cases[i].libc});
        place_map(&place, path, 0, NULL, 0);
        assert_allocator(cases[i].allocator, "malloc is static's, which is no allocator that heapwait knows");
    }
}

/* A C library's own file need not hold the library's own malloc. */
static void another_in_the_c_library(void **state)
{
    (void)state;
    program_map("main");
    place_map(&place, LIBC_WITH_GUEST, 0x7e0000000000, NULL, 0);
    assert_allocator("mimalloc", "which has messages of mimalloc's code");
}

/* The names that a stripped program still gives to others are no symbols to go by. */
static void exported_names_alone(void **state)
{
    (void)state;
    memset(&place, 0, sizeof(place));
    place_map(&place, EXPORTING_PROGRAM, 0x555500000000, NULL, 0);
    LIBRARIES(LOADER, "libc.so.6");
    assert_allocator("mimalloc",
                     "messages of its code are in exporting_program; malloc itself is libc.so.6's");
}

/* Where code isn't read, that is said. */
static void code_too_large(void **state)
{
    static const struct {
        uint64_t size;
        bool is_read;
    } cases[] = {{1ull << 30, true}, {(1ull << 30) + 1, false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path = folder_path("static"), *allocator;
        memset(&place, 0, sizeof(place));
        elf_make(path, &(struct elf_plan){.symbols = 4, .code = cases[i].size});
        place_map(&place, path, 0, NULL, 0);
        struct naming *n = naming_new();
        char *text = naming_allocator(n, &place.space, &allocator);
        assert_string_equal(text, cases[i].is_read
                                      ? "no symbol malloc in static"
                                      : "no symbol malloc in static; its code was not read, being "
                                        "of more than 1 GiB");
        free(text);
        naming_free(n);
    }
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
        cmocka_unit_test(the_c_librarys_own),   cmocka_unit_test(the_first_in_link_order),
        cmocka_unit_test(opened_later),         cmocka_unit_test(prefixed_in_the_program),
        cmocka_unit_test(in_no_table),          cmocka_unit_test(nothing_tells),
        cmocka_unit_test(the_heap_of_go),       cmocka_unit_test(beside_a_linked_libc),
        cmocka_unit_test(code_too_large),       cmocka_unit_test(another_in_the_c_library),
        cmocka_unit_test(exported_names_alone),
    };
    return cmocka_run_group_tests(tests, folder_begin, folder_end);
}
