/* The one screen of `explain`: whole pages, and for every kind of answer 24 lines that fit. */
#include "cli/explain/explain_answer.h"
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

static char *page_of(enum answer_made_kind kind, const char *recorded, unsigned width)
{
    char *text = NULL;
    size_t size = 0;
    struct answer *a = answer_made(kind);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    explain_answer_write(a, "heapwait.db", recorded, out, width);
    assert_int_equal(fclose(out), 0);
    answer_free(a);
    return text;
}

static void test_not_a_lock(void **state)
{
    (void)state;
    char *page = page_of(MADE_NOT, "2026-11-28T23:19:05Z", 80);
    assert_string_equal(
        page, "./decoy3m: 1.0\u00a0s, 4 threads on 2 cores            recorded 28 Nov 2026 23:19 UTC\n"
              "NOT A LOCK PROBLEM.  95" PC " of its CPU time is its own code: run (decoy3m.c).\n"
              "malloc's locks cost next to nothing here: about 12\u00a0ms of 1.2\u00a0s of CPU time.\n"
              "\n"
              "  CPU time ################     95" PC "  its own code\n"
              "  1.2\u00a0s    #                     3" PC "  locks: their functions and kernel calls\n"
              "           #                     1" PC "  malloc and free themselves\n"
              "\n"
              "  locks    __malloc_lock (musl, mallocng): 66\u202f517 futex calls, >\u00a0"
              "99" PC " in vain,\n"
              "           up to 3" PC " of its CPU time\n"
              "           Without it the program could be at most 1.03 times as fast.\n"
              "\n"
              "  sure?    579 samples; others used 81" PC " of the CPUs\n"
              "  next     perf record -g ./decoy3m\n"
              "           heapwait explain --all   every table\n"
              "           heapwait report   as PDF and HTML\n");
    free(page);
}

static void test_malloc_lock(void **state)
{
    (void)state;
    char *page = page_of(MADE_MALLOC, NULL, 80);
    assert_string_equal(
        page, "./server --port 80: 1.0\u00a0s, 4 threads on 2 cores\n"
              "MALLOC'S LOCK.  About 35" PC " of its CPU time: __malloc_lock (musl, mallocng).\n"
              "\n"
              "  locks    __malloc_lock (musl, mallocng): 66\u202f517 futex calls, 98" PC " in vain,\n"
              "           about 35" PC " of its CPU time\n"
              "           Without it the program could be about 1.6 times as fast, 1.9 times at\n"
              "           most.\n"
              "  why      Woken waiters stand in line for a CPU: 65 500 empty wakes beside 500\n"
              "           sleeps\n"
              "  who      work 61" PC ", take_block 39" PC "\n"
              "  helps    mimalloc: 0.50 \u00d7 the time, +9.00\u00a0MiB of memory\n"
              "             link with -lmimalloc\n"
              "           jemalloc in place of mallocng (not measured here)\n"
              "           no more threads than CPUs: 2 instead of 4 (not measured here)\n"
              "\n"
              "  sure?    579 samples; the machine was quiet\n"
              "  next     heapwait explain --all   every table\n"
              "           heapwait report   as PDF and HTML\n");
    free(page);
}

/* A loss that touches a number stands above the conclusion; a study tells its times. */
static void test_losses_and_study(void **state)
{
    (void)state;
    char *page = page_of(MADE_CANNOT, "yesterday\033", 80);
    assert_non_null(strstr(page, "recorded yesterday?\nLost: 3 records that perf lost.\nCAN'T TELL: "));
    free(page);
    page = page_of(MADE_STUDY, NULL, 120);
    assert_non_null(strstr(
        page, "  times    musl 120\u00a0ms, glibc 59\u00a0ms: 2.0 \u00d7 (1.5\u20132.8) at 22 threads; "
              "at 1 thread: 1.00 \u00d7\n"));
    free(page);
    page = page_of(MADE_OWN, NULL, 120);
    assert_non_null(strstr(page, "  threads  43" PC " on a core, 5" PC " waiting for one, 10" PC
                                 " asleep, 40" PC " at futex words, 2" PC " asleep for mmap_lock\n"));
    free(page);
}

static void test_fits(void **state)
{
    (void)state;
    for (unsigned width = 80; width <= 120; width += 40)
        for (int kind = 0; kind < MADE_KINDS; kind++) {
            char *page = page_of((enum answer_made_kind)kind, "2026-11-28T23:19:05Z", width);
            size_t lines = 0;
            for (char *line = page, *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
                *end = '\0';
                if (table_cells_width(line) > width)
                    fail_msg("kind %d, wider than %u: %s", kind, width, line);
                assert_null(strstr(line, "nan"));
                assert_null(strchr(line, '\033'));
            }
            if (lines > 24)
                fail_msg("kind %d at %u columns: %zu lines", kind, width, lines);
            free(page);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_a_lock),
        cmocka_unit_test(test_malloc_lock),
        cmocka_unit_test(test_losses_and_study),
        cmocka_unit_test(test_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
