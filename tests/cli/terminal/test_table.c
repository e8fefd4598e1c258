/* Tables fitted to a width, counted in character cells, with hostile cells made harmless. */
#include "cli/terminal/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *printed(const struct table *t, unsigned width)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    table_print(t, out, width);
    fclose(out);
    return text;
}

static void assert_printed(const struct table *t, unsigned width, const char *expected)
{
    char *text = printed(t, width);
    assert_string_equal(text, expected);
    free(text);
}

static struct table *two_columns(const char *word, const char *number)
{
    static const struct table_column columns[] = {{"lock", false, true}, {"calls", true, false}};
    struct table *t = table_new(columns, 2);
    table_add(t, (const char *const[]){word, number});
    return t;
}

static void test_alignment(void **state)
{
    (void)state;
    struct table *t = two_columns("a", "1");
    table_add(t, (const char *const[]){"longer", NULL});
    assert_printed(t, 80,
                   "lock    calls\n"
                   "──────  ─────\n"
                   "a           1\n"
                   "longer      –\n");
    table_free(t);
}

/* Thirteen cells into ten, then into the eight that are the least: head and tail stay.  Where there is no
 * room for these the last column goes, and then cells of the first. */
static void test_shrinking(void **state)
{
    (void)state;
    struct table *t = two_columns("abcdefghijklm", "12345");
    assert_printed(t, 17,
                   "lock        calls\n"
                   "──────────  ─────\n"
                   "abcde…jklm  12345\n");
    assert_printed(t, 15,
                   "lock      calls\n"
                   "────────  ─────\n"
                   "abcd…klm  12345\n");
    assert_printed(t, 14,
                   "lock\n"
                   "─────────────\n"
                   "abcdefghijklm\n"
                   "(no room in 14\n"
                   "columns for:\n"
                   "calls)\n");
    char *text = printed(t, 5);
    assert_memory_equal(text, "lock\n─────\nab…lm\n", strlen("lock\n─────\nab…lm\n"));
    free(text);
    table_free(t);
}

/* Columns for wide terminals go first, the last of them before the others, and only as many as it takes;
 * words that may shrink keep sixteen cells for as long as there are such columns. */
static void test_wide_columns(void **state)
{
    (void)state;
    static const struct table_column columns[] = {{"lock", false, TABLE_SHRINK},
                                                  {"waking", true, TABLE_WIDE},
                                                  {"other", true, TABLE_WIDE},
                                                  {"time", true, 0}};
    struct table *t = table_new(columns, 4);
    table_add(t, (const char *const[]){"a_lock_with_a_long_name", "12", "34", "5 ms"});
    assert_printed(t, 44,
                   "lock                     waking  other  time\n"
                   "───────────────────────  ──────  ─────  ────\n"
                   "a_lock_with_a_long_name      12     34  5 ms\n");
    assert_printed(t, 37,
                   "lock              waking  other  time\n"
                   "────────────────  ──────  ─────  ────\n"
                   "a_lock_w…ng_name      12     34  5 ms\n");
    assert_printed(t, 36,
                   "lock                    waking  time\n"
                   "──────────────────────  ──────  ────\n"
                   "a_lock_with…_long_name      12  5 ms\n"
                   "(no room in 36 columns for: other)\n");
    assert_printed(t, 22,
                   "lock              time\n"
                   "────────────────  ────\n"
                   "a_lock_w…ng_name  5 ms\n"
                   "(no room in 22 columns\n"
                   "for: waking, other)\n");
    table_free(t);
}

/* µ is one cell in two bytes, a combining accent none, a Chinese character two. */
static void test_width(void **state)
{
    (void)state;
    assert_int_equal(table_cells_width("µs"), 2);
    assert_int_equal(table_cells_width("e\u0301"), 1);
    assert_int_equal(table_cells_width("漢字"), 4);
    struct table *t = two_columns("漢字", "µ");
    assert_printed(t, 80,
                   "lock  calls\n"
                   "────  ─────\n"
                   "漢字      µ\n");
    table_free(t);
}

/* A wide character that would straddle the cut is left out, the column keeps its width. */
static void test_shrinking_wide(void **state)
{
    (void)state;
    struct table *t = two_columns("漢字漢字漢字", "1");
    assert_printed(t, 16,
                   "lock       calls\n"
                   "─────────  ─────\n"
                   "漢字…漢字      1\n");
    assert_printed(t, 15,
                   "lock      calls\n"
                   "────────  ─────\n"
                   "漢字…字       1\n");
    table_free(t);
}

static void test_hostile_cells(void **state)
{
    (void)state;
    struct table *t = two_columns("\033[2J\n\xff", "1");
    assert_printed(t, 80,
                   "lock    calls\n"
                   "──────  ─────\n"
                   "?[2J??      1\n");
    table_free(t);
}

static void test_empty(void **state)
{
    (void)state;
    static const struct table_column columns[] = {{"only", false, false}};
    struct table *t = table_new(columns, 1);
    assert_printed(t, 80, "only\n────\n");
    table_free(t);
    table_free(NULL);
    assert_printed(NULL, 80, "(out of memory: a table is missing here)\n");
}

/* Many rows: the cells are copied when they are added. */
static void test_many_rows(void **state)
{
    (void)state;
    char cell[8] = "x";
    struct table *t = two_columns("x", "1");
    for (int i = 0; i < 100; i++)
        table_add(t, (const char *const[]){cell, "1"});
    strcpy(cell, "changed");
    char *text = printed(t, 80);
    assert_null(strstr(text, "changed"));
    assert_int_equal(strlen(text), strlen("lock  calls\n────  ─────\n") + 101 * strlen("x         1\n"));
    free(text);
    table_free(t);
}

static void test_paragraph(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    table_paragraph_print("one two three µµµµ averyverylongword end", "- ", "  ", out, 12);
    fclose(out);
    assert_string_equal(text, "- one two\n  three µµµµ\n  averyverylongword\n  end\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment),      cmocka_unit_test(test_shrinking),
        cmocka_unit_test(test_wide_columns),   cmocka_unit_test(test_width),
        cmocka_unit_test(test_shrinking_wide), cmocka_unit_test(test_hostile_cells),
        cmocka_unit_test(test_empty),          cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_paragraph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
