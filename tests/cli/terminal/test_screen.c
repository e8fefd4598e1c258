/* Screens: what is cut, what is left out first, and that no line is too wide. */
#include "cli/terminal/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Prints the screen in `most` lines, frees it, and compares. */
static void assert_screen(struct screen *p, size_t most, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    screen_print(p, out, most);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, expected);
    free(text);
    screen_free(p);
}

static void test_paragraphs(void **state)
{
    (void)state;
    struct screen *p = screen_new(20);
    screen_add(p, 0, "why  ", "one two three four five six seven", 9);
    screen_add(p, 0, "", "one two three four five six seven", 2);
    screen_add(p, 0, "", "exactly twenty chars", 1);
    screen_add(p, 0, "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 9);
    screen_add(p, 0, "", "\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d", 9);
    screen_add(p, 0, "", NULL, 9);
    screen_add(p, 0, "x", "", 9);
    assert_screen(p, 99,
                  "why  one two three\n     four five six\n     seven\n"
                  "one two three four\nfive six seven\n"
                  "exactly twenty chars\n"
                  "aaaaaaaaaaaaaaaaaaaa\naaaaaaaaaa\n"
                  "\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\n\u4e2d\n"
                  "x\n");
    p = screen_new(20);
    screen_add(p, 0, "- ", "one two three four five six seven", 1);
    assert_screen(p, 99, "- one two three fou\u2026\n");
}

static void test_ranks(void **state)
{
    (void)state;
    for (size_t most = 1; most <= 6; most++) {
        struct screen *p = screen_new(20);
        screen_add_blank(p, 1);
        screen_add(p, 0, "", "stays", 1);
        screen_add_blank(p, 1);
        screen_add_blank(p, 1);
        screen_add(p, 3, "", "goes first, both of its lines", 2);
        screen_add(p, 2, "", "goes next", 1);
        screen_add_blank(p, 1);
        assert_screen(p, most,
                      most < 3   ? "stays\n"
                      : most < 5 ? "stays\n\ngoes next\n"
                                 : "stays\n\ngoes first, both of\nits lines\ngoes next\n");
    }
}

static void test_table(void **state)
{
    (void)state;
    const struct table_column columns[] = {{"what", false, TABLE_SHRINK}, {"n", true, 0}};
    struct table *t = table_new(columns, 2);
    struct screen *p = screen_new(20);
    table_add(t, (const char *const[]){"a", "1"});
    table_add(t, (const char *const[]){"b", "2"});
    screen_add(p, 0, "", "x", 1);
    screen_add_table(p, 1, "  ", t);
    assert_screen(p, 3, "x\n  what  n\n  a     1\n");
    table_free(t);
}

static void test_shorten(void **state)
{
    (void)state;
    char *text = screen_shorten("abcdefghijklmnopqrstuvwxyz", 10);
    assert_string_equal(text, "abcdef\u2026xyz");
    free(text);
    text = screen_shorten("abc", 3);
    assert_string_equal(text, "abc");
    free(text);
    text = screen_shorten("\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587", 7);
    assert_true(table_cells_width(text) <= 7);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paragraphs),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_shorten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
