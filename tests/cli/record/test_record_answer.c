/* The end of `record`: whole pages, and for every kind of answer twelve lines that fit. */
#include "cli/record/record_answer.h"
#include "cli/terminal/table.h"
#include "tests/analysis/answer_made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PC "\u00a0%"

static char *page_of(enum answer_made_kind kind, const char *file, unsigned width)
{
    char *text = NULL;
    size_t size = 0;
    struct answer *a = answer_made(kind);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    record_answer_write(a, file, out, width);
    assert_int_equal(fclose(out), 0);
    answer_free(a);
    return text;
}

static void test_malloc_lock(void **state)
{
    (void)state;
    char *page = page_of(MADE_MALLOC, "heapwait.db", 80);
    assert_string_equal(page,
                        "./server --port 80: 1.0\u00a0s, 4 threads on 2 cores.  lost: nothing.\n"
                        "\n"
                        "  MALLOC'S LOCK.  About 35" PC " of its CPU time: __malloc_lock (musl, mallocng).\n"
                        "  Without it the program could be about 1.6 times as fast, 1.9 times at most.\n"
                        "\n"
                        "  what             for            waited  share  slept  in vain  by\n"
                        "  __malloc_lock    malloc's lock  300\u00a0ms   60" PC
                        "    100    2\u202f000  work, t\u2026e_block\n"
                        "  word of\u2026ad_join  waits for end  200\u00a0ms   40" PC
                        "    100    2\u202f000  main (idle)\n"
                        "  share: of all waits; in vain: calls that neither sleep nor wake anybody\n"
                        "  saved in heapwait.db.  why and how much: heapwait explain\n"
                        "  as PDF and HTML: heapwait report\n");
    free(page);
}

/* What was lost stands in the first line, and how to settle it takes a line that stays. */
static void test_cannot_tell(void **state)
{
    (void)state;
    char *page = page_of(MADE_CANNOT, "x.db", 120);
    assert_string_equal(
        page, "./server --port 80: 1.0\u00a0s, 4 threads on 2 cores.  Lost: 3 records that perf lost; at "
              "least 3 futex calls are missing.\n"
              "Machine: busy (87" PC ").\n"
              "\n"
              "  CAN'T TELL: the machine was 87" PC " busy with other work.\n"
              "  settles it: heapwait record -m ledger ./server --port 80\n"
              "  saved in x.db.  why and how much: heapwait explain x.db\n"
              "  as PDF and HTML: heapwait report x.db\n");
    free(page);
}

static void test_processes(void **state)
{
    (void)state;
    char *page = page_of(MADE_PROCESSES, "heapwait.db", 120);
    assert_non_null(strstr(page, "\n  process          what"));
    assert_non_null(strstr(page, "\n  77 redis-server  __malloc_lock"));
    assert_non_null(strstr(page, "\n  78 sh            word of pthread_join"));
    free(page);
}

/* A loss that touches no number is none in the first line. */
static void test_notes(void **state)
{
    (void)state;
    char *page = page_of(MADE_OWN, "heapwait.db", 80);
    assert_non_null(strstr(page, "lost: nothing here."));
    assert_null(strstr(page, "call stacks"));
    free(page);
}

static void test_fits(void **state)
{
    (void)state;
    char deep[300];
    memset(deep, 'd', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    for (unsigned width = 80; width <= 120; width += 40)
        for (int kind = 0; kind < 2 * MADE_KINDS; kind++) {
            char *page = page_of((enum answer_made_kind)(kind / 2), kind % 2 ? deep : "heapwait.db", width);
            size_t lines = 0;
            for (char *line = page, *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
                *end = '\0';
                if (table_cells_width(line) > width)
                    fail_msg("kind %d, wider than %u: %s", kind / 2, width, line);
                assert_null(strstr(line, "nan"));
                assert_null(strchr(line, '\033'));
            }
            if (lines > 12)
                fail_msg("kind %d at %u columns: %zu lines", kind / 2, width, lines);
            free(page);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malloc_lock), cmocka_unit_test(test_cannot_tell),
        cmocka_unit_test(test_processes),   cmocka_unit_test(test_notes),
        cmocka_unit_test(test_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
