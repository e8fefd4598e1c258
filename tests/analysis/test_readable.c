/* Names of C++ and Rust as people write them, in texts and in the tables that the views read. */
#include "analysis/database.h"
#include "analysis/readable.h"
#include "tests/analysis/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_read(const char *text, const char *expected)
{
    char *got = readable_text(text);
    assert_non_null(got);
    assert_string_equal(got, expected);
    free(got);
}

static void test_languages(void **state)
{
    (void)state;
    assert_read("_ZN8tcmalloc15CentralFreeList11RemoveRangeEPPvS2_i",
                "tcmalloc::CentralFreeList::RemoveRange");
    assert_read("_ZN3std2io5stdio6_print17h0123456789abcdefE", "std::io::stdio::_print");
    assert_read("_RNvCs1234_7mycrate3foo", "mycrate::foo");
    assert_read("_RNvMs_NtCs1_5alloc3vecINtB4_3VechE4push", "<alloc::vec::Vec<u8>>::push");
}

static void test_inside_a_text(void **state)
{
    (void)state;
    assert_read("lock of tcmalloc (central free list: _ZN8tcmalloc15CentralFreeList11RemoveRangeEPPvS2_i)",
                "lock of tcmalloc (central free list: tcmalloc::CentralFreeList::RemoveRange)");
    assert_read("main > _ZN1a1bEv > malloc", "main > a::b > malloc");
}

static void test_other_names_stay(void **state)
{
    static const char *const names[] = {"",
                                        "malloc",
                                        "_Z",
                                        "_Zebra",
                                        "_ZN",
                                        "_R",
                                        "_Restore",
                                        "__malloc_lock",
                                        "a_Z1b",
                                        "_ZN99999999999999999999x",
                                        "unnamed word in x .bss+0x40",
                                        "µ – 漢字"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_read(names[i], names[i]);
}

/* Hostile: as long or as deep as can be. */
static void test_limits(void **state)
{
    enum { LENGTH = 1 << 20 };
    char *name = malloc(LENGTH + 1);
    (void)state;
    assert_non_null(name);
    memset(name, 'P', LENGTH);
    name[LENGTH] = 0;
    memcpy(name, "_Z1fP", 5);
    assert_read(name, name);
    name[4000] = 0;
    free(readable_text(name)); /* whatever it is: it ends */
    free(name);
}

static void test_tables(void **state)
{
    (void)state;
    const char *change = "UPDATE lock SET name = '_ZN1a1bEv' WHERE id = 1";
    struct fixture f;
    struct database *db = NULL;
    struct error err = {""};
    assert_int_equal(fixture_create(&f, (const char *[]){"study.sql", NULL}, change), 0);
    assert_int_equal(database_open(f.path, &db, &err), 0);
    sqlite3_stmt *s = database_prepare(db, "SELECT name FROM lock WHERE id = 1", &err);
    assert_non_null(s);
    assert_int_equal(database_step(db, s, &err), 1);
    assert_string_equal((const char *)sqlite3_column_text(s, 0), "a::b");
    sqlite3_finalize(s);
    s = database_prepare(db, "SELECT name FROM main.lock WHERE id = 1", &err);
    assert_int_equal(database_step(db, s, &err), 1);
    assert_string_equal((const char *)sqlite3_column_text(s, 0), "_ZN1a1bEv");
    sqlite3_finalize(s);
    database_close(db);
    fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_languages),        cmocka_unit_test(test_inside_a_text),
        cmocka_unit_test(test_other_names_stay), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
