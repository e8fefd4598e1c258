/* The page of `heapwait top` of made-up looks: the order of its rows, the keys that change it, and its width.
 */
#include "cli/terminal/table.h"
#include "cli/top/top_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

enum { WIDE = 120, NARROW = 80 };

static struct live_process processes[] = {
    {.pid = 30,
     .comm = "beta",
     .cpu_ns = 5000000,
     .malloc = {9, 1, 5, 2, 0, 700, 400000},
     .hottest = {.name = "mal", .allocator = "oldmalloc"}},
    {.pid = 10,
     .comm = "gamma",
     .cpu_ns = -1,
     .malloc = {1, 3, 5, 1, 0, 900, 300000},
     .hottest = {.name = "__malloc_lock", .allocator = "mallocng"}},
    {.pid = 20,
     .comm = "alpha",
     .cpu_ns = 1000000,
     .malloc = {5, 2, 5, 3, 7, 800, 200000},
     .hottest = {.name = "main_arena.mutex", .allocator = "ptmalloc"}},
    {.pid = 40, .comm = "idle", .cpu_ns = 2000000, .others = {.slept = 4}, .hottest = {.name = "queue"}},
};

static struct live_view view_of(size_t count, bool asked)
{
    return (struct live_view){
        .processes = processes, .count = count, .interval_ns = 1000000000, .asked = asked};
}

static char *page(const struct live_view *view, const struct top_order *order, unsigned width, unsigned rows)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    top_table_print(view, order, out, width, rows, false);
    fclose(out);
    return text;
}

/* The processes stand in this order; pids with blanks between. */
static void assert_order(const struct top_order *order, unsigned width, const char *expected)
{
    const struct live_view view = view_of(4, false);
    char *text = page(&view, order, width, 10), got[64] = "";
    for (const char *line = text; line; line = strchr(line, '\n'), line += line ? 1 : 0) {
        const unsigned long pid = strtoul(line, NULL, 10);
        if (pid && strchr(line, ' ') && line[strspn(line, " 0123456789")] != ':')
            sprintf(got + strlen(got), "%s%lu", *got ? " " : "", pid);
    }
    assert_string_equal(got, expected);
    free(text);
}

static void keys_give_orders(void **state)
{
    static const struct {
        char key;
        const char *first, *again;
    } cases[] = {{'p', "30 20 10", "10 20 30"}, {'c', "20 30 10", "10 30 20"}, {'a', "10 30 20", "20 30 10"},
                 {'l', "10 20 30", "30 20 10"}, {'s', "30 20 10", "10 20 30"}, {'e', "10 20 30", "30 20 10"},
                 {'m', "30 10 20", "30 10 20"}, /* all alike: as they were */
                 {'k', "20 30 10", "10 30 20"}, {'t', "20 30 10", "30 10 20"}, {'w', "10 20 30", "30 20 10"},
                 {'u', "30 20 10", "10 20 30"}, /* what is not known comes last, or first */
                 {'o', "20 30 10", "10 30 20"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct top_order order = {0};
        assert_order(&order, WIDE, "30 10 20");
        assert_true(top_order_take(&order, cases[i].key, WIDE));
        assert_order(&order, WIDE, cases[i].first);
        assert_true(top_order_take(&order, cases[i].key, WIDE));
        assert_order(&order, WIDE, cases[i].again);
        assert_true(top_order_take(&order, cases[i].key, WIDE));
        assert_order(&order, WIDE, cases[i].first);
    }
}

static void other_keys_give_none(void **state)
{
    struct top_order order = {0};
    (void)state;
    assert_false(top_order_take(&order, 'x', WIDE));
    assert_false(top_order_take(&order, '\0', WIDE));
    assert_false(top_order_take(&order, 'k', NARROW)); /* a column that has no room */
    assert_true(top_order_take(&order, 's', NARROW));
    assert_false(top_order_take(&order, 'x', NARROW));
    assert_order(&order, NARROW, "30 20 10");
}

/* The most are found before the page is cut, and it is told how many are not on it. */
static void sorted_before_cut(void **state)
{
    (void)state;
    const struct live_view view = view_of(4, true);
    struct top_order order = {0};
    assert_true(top_order_take(&order, 'p', NARROW));
    char *text = page(&view, &order, NARROW, 2);
    assert_non_null(strstr(text, "idle"));
    assert_non_null(strstr(text, "beta"));
    assert_null(strstr(text, "alpha"));
    assert_non_null(strstr(text, "and 2 more processes"));
    assert_non_null(strstr(text, "pid\u2193"));
    free(text);
}

static void no_line_is_wider(void **state)
{
    static struct live_process full = {
        .pid = 4194304,
        .comm = "fifteen_letters",
        .cpu_ns = 6400000000,
        .malloc = {123456, 1234567, 2345678, 345678, 456789, 12345678901, 5400000000},
        .others = {.slept = 987654321},
        .hottest = {.name = "a_lock_with_a_name_of_many_letters", .allocator = "ptmalloc"}};
    (void)state;
    for (unsigned width = 20; width <= 140; width++) {
        struct live_view view = {.processes = &full,
                                 .count = 1,
                                 .interval_ns = 1000000000,
                                 .unnamed = 12345,
                                 .lost = 99999,
                                 .lost_reason = "events that were dropped for want of room"};
        const struct top_order order = {.key = 's'};
        char *text = page(&view, &order, width, 10);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
            assert_true(table_cells_width(line) <= width);
        free(text);
    }
}

/* The keys fit the narrow page, and are told for each column that is shown. */
static void keys_are_told(void **state)
{
    (void)state;
    for (unsigned width = NARROW; width <= WIDE; width++) {
        char text[256] = "";
        FILE *out = fmemopen(text, sizeof(text), "w");
        top_table_keys_print(out, width);
        fclose(out);
        assert_true(strlen(text) < width);
        assert_int_equal(strstr(text, "ot)her") != NULL, width >= 110);
        for (const char *key = text; (key = strchr(key, ')')); key++) {
            struct top_order order = {0};
            const char letter = key[-1] >= 'a' ? key[-1] : (char)(key[-1] + 'a' - 'A');
            assert_int_equal(top_order_take(&order, letter, width), letter != 'q');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_give_orders),  cmocka_unit_test(other_keys_give_none),
        cmocka_unit_test(sorted_before_cut), cmocka_unit_test(no_line_is_wider),
        cmocka_unit_test(keys_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
