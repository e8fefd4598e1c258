/* The answer's sentences: right for every conclusion, for what is not known, and as exact as the intervals.
 */
#include "analysis/answer/answer_markdown.h"
#include "analysis/answer/answer_number.h"
#include "analysis/answer/answer_words.h"
#include "analysis/base/text.h"
#include "tests/analysis/answer_made.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PC "\u00a0%"

/* Takes `text`, which is malloc'd. */
static void assert_is(char *text, const char *expected)
{
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void assert_headline(enum answer_made_kind kind, const char *expected)
{
    struct answer *a = answer_made(kind);
    assert_is(answer_words_headline(a), expected);
    answer_free(a);
}

static void assert_title(enum answer_made_kind kind, const char *expected)
{
    struct answer *a = answer_made(kind);
    assert_is(answer_words_title(a), expected);
    answer_free(a);
}

static void test_headlines(void **state)
{
    (void)state;
    assert_headline(MADE_MALLOC,
                    "MALLOC'S LOCK.  About 35" PC " of its CPU time: __malloc_lock (musl, mallocng).");
    assert_headline(MADE_ARENAS, "MALLOC'S LOCKS.  At least 20" PC
                                 " of its CPU time: main_arena.mutex (glibc, ptmalloc) and 4 more.");
    assert_headline(MADE_MEMORY, "THE ALLOCATOR'S MEMORY CALLS.  30" PC
                                 " of its CPU time: 40\u202f000 memory calls, page faults and the "
                                 "kernel's mmap_lock (musl, mallocng).");
    assert_headline(MADE_OWN, "YOUR LOCK.  24" PC " of its threads' time: jobs.m of queue.");
    assert_headline(MADE_SPINNING, "A LOCK THAT SPINS.  About 62" PC " of its CPU time: spin_lock.");
    assert_headline(MADE_NOT,
                    "NOT A LOCK PROBLEM.  95" PC " of its CPU time is its own code: run (decoy3m.c).");
    assert_headline(MADE_CANNOT, "CAN'T TELL: the machine was 87" PC " busy with other work.");
    assert_headline(MADE_STUDY, "MALLOC'S LOCK.  musl takes 2.0 times as long as glibc at 22 threads: "
                                "__malloc_lock (musl, mallocng).");
    assert_headline(MADE_PROCESSES,
                    "MALLOC'S LOCK.  About 35" PC " of the CPU time: __malloc_lock (musl, mallocng) in "
                    "process 77 redis-server.");
    assert_headline(MADE_UNKNOWN, "MALLOC'S LOCK.  A lock without a name; what it costs is not known.");
    assert_headline(MADE_EMPTY, "YOUR LOCK.  What it costs is not known.");
}

static void test_titles(void **state)
{
    (void)state;
    assert_title(MADE_STUDY, "musl's malloc lock makes this program 2.0 \u00d7 slower; mimalloc cures it");
    assert_title(MADE_MALLOC,
                 "musl's malloc lock takes about 35" PC " of this program's CPU time; mimalloc helps");
    assert_title(MADE_ARENAS, "glibc's malloc locks take at least 20" PC " of this program's CPU time");
    assert_title(MADE_NOT, "Not a lock problem: 95" PC " of its CPU time is its own code: run (decoy3m.c)");
    assert_title(MADE_CANNOT, "Can't tell: the machine was 87" PC " busy with other work");
    assert_title(MADE_UNKNOWN, "malloc's lock; what it costs is not known");
}

/* A difference that is not sure is none, and a cure that doesn't take it away only helps. */
static void test_study(void **state)
{
    (void)state;
    struct answer *a = answer_made(MADE_STUDY);
    a->study->outcome = comparison_of(0.94, 2.8, 0.969);
    assert_is(answer_words_headline(a),
              "MALLOC'S LOCK.  About 35" PC " of its CPU time: __malloc_lock (musl, mallocng).");
    a->study->outcome = comparison_of(1.5, 2.8, 0.969);
    a->causes[0].cures[0].factor = (struct estimate){0.84, 0.8, 0.9};
    assert_is(answer_words_title(a),
              "musl's malloc lock makes this program 2.0 \u00d7 slower; mimalloc helps");
    a->causes[0].cures[0].factor = (struct estimate){0.9, 0.7, 1.1};
    a->causes[0].cures[0].outcome = comparison_of(0.7, 1.1, 1);
    assert_is(answer_words_title(a), "musl's malloc lock makes this program 2.0 \u00d7 slower");
    assert_is(answer_words_cure(&a->causes[0].cures[0]),
              "mimalloc: can't tell whether it helps, 0.90 \u00d7 the time (0.70\u20131.10), +9.00\u00a0MiB "
              "of memory");
    a->causes[0].cures[0].outcome = COMPARISON_ONE_ROUND;
    assert_is(
        answer_words_cure(&a->causes[0].cures[0]),
        "mimalloc: one round can't tell whether it helps, 0.90 \u00d7 the time, +9.00\u00a0MiB of memory");
    answer_free(a);
}

/* The rounds tell among how many comparisons they judge; of one there is nothing to tell. */
static void test_rounds(void **state)
{
    (void)state;
    struct answer *a = answer_made(MADE_STUDY);
    assert_is(answer_words_rounds(a), "6 rounds");
    a->study->comparisons = 36;
    assert_is(answer_words_rounds(a), "6 rounds, judged for 36 comparisons at once");
    a->study->outcome = COMPARISON_FEW_ROUNDS;
    assert_is(answer_words_rounds(a), "6 rounds, where 36 comparisons at once need 11");
    a->causes[0].cures[0].outcome = COMPARISON_FEW_ROUNDS;
    a->causes[0].cures[0].comparisons = 36;
    assert_is(answer_words_title(a), "musl's malloc lock takes about 35" PC " of this program's CPU time");
    answer_free(a);
}

static void assert_share(double value, double low, double high, const char *expected)
{
    char buffer[64];
    assert_string_equal(answer_number_share(buffer, &(struct estimate){value, low, high}), expected);
}

/* As many digits as the interval carries; bounds are rounded away from what they bound. */
static void test_digits(void **state)
{
    (void)state;
    char buffer[64];
    assert_share(0.4492, 0.35, 0.55, "about 45" PC);
    assert_share(0.4492, 0.43, 0.47, "about 45" PC);
    assert_share(0.4412, 0.43, 0.46, "about 44" PC);
    assert_share(0.4492, 0.4492, 0.4492, "45" PC);
    assert_share(0.4492, 0.448, 0.45, "45" PC);
    assert_share(0.3, 0, 0.4412, "up to 45" PC);
    assert_share(0.4412, 0.2, 0.4412, "up to 45" PC);
    assert_share(0.4492, 0.4492, NAN, "at least 44" PC);
    assert_share(NAN, NAN, 0.031, "up to 4" PC);
    assert_share(0, 0, 0, "0" PC);
    assert_share(1, 1, 1, "100" PC);
    assert_share(0.996, 0.996, 0.996,
                 ">\u00a0"
                 "99" PC);
    assert_share(0.0002, 0.0002, 0.0002,
                 "<\u00a0"
                 "0.1" PC);
    assert_share(0.004, 0.004, 0.004, "0.4" PC);
    assert_null(answer_number_share(buffer, &(struct estimate){NAN, NAN, NAN}));
    assert_string_equal(answer_number_percent(buffer, 0.004), "<\u00a0"
                                                              "1" PC);
    assert_string_equal(answer_number_percent(buffer, 0), "0" PC);
    assert_string_equal(answer_number_ns(buffer, 675e6), "680\u00a0ms");
    assert_string_equal(answer_number_ns(buffer, 0), "0\u00a0ns");
    assert_string_equal(answer_number_ns(buffer, 11.83e9), "12\u00a0s");
    assert_string_equal(answer_number_time(buffer, &(struct estimate){12e6, 8e6, 36e6}), "about 12\u00a0ms");
    assert_null(answer_number_ns(buffer, NAN));
    assert_null(answer_number_count(buffer, -1));
}

static void assert_gain(double value, double low, double high, const char *expected)
{
    const struct answer_cause c = {.words = 1, .gain = {value, low, high}};
    assert_is(answer_words_gain(&c), expected);
}

static void test_gain(void **state)
{
    (void)state;
    assert_gain(1.02, 1.0, 1.024, "Without it the program could be at most 1.03 times as fast.");
    assert_gain(1.58, 1.4, 1.82,
                "Without it the program could be about 1.6 times as fast, 1.9 times at most.");
    assert_gain(3.5, 3.3, INFINITY,
                "Without it the program could be about 3.5 times as fast, or more: no upper end is known.");
    assert_gain(1.3, 1.0, INFINITY, "How much faster the program could be without it is not known.");
    assert_gain(1.3, 1.0, 1.7, "Without it the program could be at most 1.7 times as fast.");
    assert_gain(12.3, 12.3, 12.3, "Without it the program could be at most 13 times as fast.");
    assert_gain(NAN, NAN, NAN, "How much faster the program could be without it is not known.");
    assert_gain(INFINITY, 2, INFINITY, "How much faster the program could be without it is not known.");
    const struct answer_cause c = {.words = 3, .gain = {1.25, 1.25, 1.25}, .gain_misses_spinning = true};
    assert_is(answer_words_gain(&c),
              "Without them the program could be at most 1.25 times as fast, not counting "
              "what threads spin in user code.");
}

static void test_malloc_line(void **state)
{
    (void)state;
    struct answer *a = answer_made(MADE_OWN);
    a->causes[1].waits = 0;
    assert_is(answer_words_malloc(a), "No malloc lock waits.");
    a->causes[1].waits = 1;
    assert_is(answer_words_malloc(a),
              "malloc's locks cost next to nothing here: 12\u00a0ms of 1.2\u00a0s of CPU time.");
    a->causes[1].cpu_ns = (struct estimate){0.5e9, 0.5e9, 0.5e9};
    assert_is(answer_words_malloc(a), "malloc's locks cost 500\u00a0ms of 1.2\u00a0s of CPU time.");
    a->causes[1].kind = ANSWER_OWN_LOCK;
    assert_null(answer_words_malloc(a));
    a->rows[0].is_malloc = 0;
    assert_is(answer_words_malloc(a),
              "No wait is known to be for malloc's lock; whose lock 2\u202f100 futex calls are "
              "for is not known.");
    a->rows[5].calls = NAN;
    assert_is(answer_words_malloc(a),
              "No wait is known to be for malloc's lock; whose some words are is not known.");
    a->rows[5].is_malloc = 0;
    assert_is(answer_words_malloc(a), "No malloc lock waits.");
    a->causes[0].kind = a->conclusion = ANSWER_MALLOC_LOCK;
    assert_null(answer_words_malloc(a));
    answer_free(a);
    a = answer_made(MADE_TWO);
    assert_null(answer_words_malloc(a));
    answer_free(a);
}

/* Causes that cost as much are told of together. */
static void test_several(void **state)
{
    (void)state;
    const struct estimate unknown = {NAN, NAN, NAN};
    struct answer *a = answer_made(MADE_TWO);
    assert_is(answer_words_headline(a),
              "MALLOC'S LOCK AND YOUR LOCK.  About 35" PC " of its CPU time: __malloc_lock (musl, mallocng); "
              "about 30" PC " of its CPU time: jobs.m of queue.");
    assert_is(answer_words_title(a),
              "musl's malloc lock takes about 35" PC " of this program's CPU time and the "
              "lock jobs.m of queue takes about 30" PC " of its CPU time; mimalloc helps");
    assert_is(
        answer_words_gains(a),
        "Which of them costs more can't be told: without __malloc_lock the program could be about 1.6 times "
        "as fast, 1.9 times at most; without jobs.m about 1.5 times as fast, 2.1 times at most.");
    a->causes[1].gain_misses_spinning = true;
    char *gains = answer_words_gains(a);
    assert_non_null(strstr(gains, "2.1 times at most, not counting what threads spin in user code."));
    free(gains);
    a->causes[1].cpu_share = unknown;
    char *title = answer_words_title(a);
    assert_non_null(
        strstr(title, "CPU time and what the lock jobs.m of queue costs is not known; mimalloc helps"));
    free(title);
    a->causes[0].cpu_share = unknown;
    assert_is(answer_words_headline(a),
              "MALLOC'S LOCK AND YOUR LOCK.  __malloc_lock (musl, mallocng) and jobs.m of "
              "queue; what they cost is not known.");
    assert_is(answer_words_title(a),
              "musl's malloc lock and the lock jobs.m of queue; what they cost is not known; mimalloc helps");
    a->causes[0].cpu_share = (struct estimate){0.4, 0.4, 0.4};
    a->causes[0].kind = ANSWER_OWN_LOCK;
    free(a->causes[0].allocator);
    a->causes[0].allocator = NULL;
    char *headline = answer_words_headline(a);
    assert_memory_equal(headline, "YOUR LOCKS.  40", strlen("YOUR LOCKS.  40"));
    free(headline);
    a->subject_count = 1;
    assert_is(answer_words_gains(a),
              "Without it the program could be about 1.6 times as fast, 1.9 times at most.");
    answer_free(a);
}

/* What a study found is said of all causes, and each cure once. */
static void test_several_in_a_study(void **state)
{
    (void)state;
    struct answer *a = answer_made(MADE_TWO), *s = answer_made(MADE_STUDY);
    a->study = s->study;
    assert_is(answer_words_headline(a),
              "MALLOC'S LOCK AND YOUR LOCK.  musl takes 2.0 times as long as glibc at 22 "
              "threads: __malloc_lock (musl, mallocng) and jobs.m of queue.");
    assert_is(answer_words_title(a),
              "musl's malloc lock and the lock jobs.m of queue make this program 2.0 \u00d7 "
              "slower; mimalloc cures it");
    assert_string_equal(answer_cure_at(a, 2)->what, "no more threads than CPUs: 2 instead of 4");
    assert_string_equal(answer_cure_at(a, 3)->what, "fewer turns at the queue");
    assert_null(answer_cure_at(a, 4));
    a->study = NULL;
    answer_free(a);
    answer_free(s);
}

static void test_phrases(void **state)
{
    (void)state;
    struct answer *a = answer_made(MADE_NOT);
    assert_is(answer_words_settle(a), "perf record -g ./decoy3m");
    assert_is(answer_words_sure(a), "579 samples; others used 81" PC " of the CPUs");
    assert_is(answer_words_calls(&a->causes[0]), "66\u202f517 futex calls, >\u00a0"
                                                 "99" PC " in vain");
    assert_is(answer_words_run(a), "1.0\u00a0s, 4 threads on 2 cores");
    answer_free(a);
    a = answer_made(MADE_CANNOT);
    assert_is(answer_words_sure(a), "579 samples; lost: 3 records that perf lost; at least 3 futex calls are "
                                    "missing; others used 87" PC " of the CPUs");
    answer_free(a);
    a = answer_made(MADE_ARENAS);
    assert_is(answer_words_calls(&a->causes[0]), "1 futex call, 0" PC " in vain");
    assert_is(answer_words_row(&a->rows[1]), "4 \u00d7 thread arena");
    assert_is(answer_words_row(&a->rows[2]), "33 words of parking_lot's lock_slow");
    answer_free(a);
    a = answer_made(MADE_PROCESSES);
    assert_is(answer_words_settle(a), "heapwait record -p PID"); /* there was no command */
    assert_is(answer_words_callers(a->causes[0].callers, a->causes[0].caller_count, 1),
              "work 61" PC " and 1 more");
    answer_free(a);
    a = answer_made(MADE_UNKNOWN);
    assert_null(answer_words_run(a));
    assert_null(answer_words_calls(&a->causes[0]));
    assert_null(answer_words_callers(a->causes[0].callers, a->causes[0].caller_count, 3));
    assert_is(answer_words_sure(a), "what others used of the CPUs is not known");
    answer_free(a);
}

static void test_long_names(void **state)
{
    (void)state;
    char name[500], *shown;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    shown = answer_words_name(name);
    assert_int_equal(strlen(shown), 59 + strlen("\u2026"));
    free(shown);
    assert_is(answer_words_name("a\033[2J\n\xff"), "a?[2J??");
    assert_is(answer_words_name(NULL), "?");
}

static char *markdown_of(enum answer_made_kind kind)
{
    char *text = NULL;
    size_t size = 0;
    struct answer *a = answer_made(kind);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    answer_markdown_write(a, out);
    assert_int_equal(fclose(out), 0);
    answer_free(a);
    return text;
}

static void test_markdown(void **state)
{
    (void)state;
    assert_is(
        markdown_of(MADE_MALLOC),
        "**MALLOC'S LOCK.** About 35" PC " of its CPU time: \\_\\_malloc\\_lock (musl, mallocng).\n"
        "- **Run:** `./server --port 80`, 1.0\u00a0s, 4 threads on 2 cores, 1.2\u00a0s of CPU time\n"
        "- **Cost:** about 35" PC
        " of its CPU time. Without it the program could be about 1.6 times as fast, "
        "1.9 times at most.\n"
        "- **Lock:** \\_\\_malloc\\_lock (musl, mallocng): 66\u202f517 futex calls, 98" PC " in vain\n"
        "- **Why:** Woken waiters stand in line for a CPU: 65 500 empty wakes beside 500 sleeps; called by "
        "work 61" PC ", take\\_block 39" PC "\n"
        "- **Helps:** mimalloc: 0.50 \u00d7 the time, +9.00\u00a0MiB of memory; not measured here: jemalloc "
        "in place of "
        "mallocng; no more threads than CPUs: 2 instead of 4\n"
        "- **How sure:** 579 samples; the machine was quiet\n"
        "- **To repeat:** `heapwait record -- ./server --port 80 && heapwait explain`\n");
    char *two = markdown_of(MADE_TWO);
    assert_non_null(strstr(two, "\n- **Cost:** \\_\\_malloc\\_lock: about 35" PC
                                " of its CPU time; jobs.m: about 30" PC
                                " of its CPU time. Which of them costs more"));
    assert_non_null(strstr(two, "; jobs.m: waiters sleep"));
    assert_non_null(strstr(two, "; fewer turns at the queue\n"));
    free(two);
    char *other = markdown_of(MADE_NOT), *hostile = markdown_of(MADE_HOSTILE);
    assert_non_null(strstr(other,
                           "\n- **CPU time:** 95" PC " its own code; 1" PC " malloc and free themselves; 3" PC
                           " locks: their functions and kernel calls\n- **Next:** `perf record -g "
                           "./decoy3m`\n"));
    free(other);
    assert_non_null(strstr(hostile, "?\\[2J\\`rm\\`\\</td\\>\"\\\\ ?@&#8203;root \\#&#8203;1 "
                                    "\\[x\\](https:&#8203;//e"));
    assert_non_null(strstr(hostile, "`` ?[2J`rm`</td>")); /* the fence is longer than what it holds */
    free(hostile);
}

/* Of each kind: eight lines of Markdown, and no sentence shows what stands for "not known". */
static void test_nothing_leaks(void **state)
{
    (void)state;
    static const char *const leaks[] = {"nan",  "inf ", "inf.", "(null)", "-1",
                                        "\033", "  :",  "..",   ":.",     " ,"};
    for (int kind = 0; kind < MADE_KINDS; kind++) {
        struct answer *a = answer_made((enum answer_made_kind)kind);
        char *texts[] = {answer_words_headline(a), answer_words_title(a), answer_words_sure(a),
                         markdown_of((enum answer_made_kind)kind)};
        size_t lines = 0;
        for (const char *c = texts[3]; *c; c++)
            lines += *c == '\n';
        assert_int_equal(lines, 8);
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            for (size_t n = 0; n < sizeof(leaks) / sizeof(leaks[0]) && kind != MADE_HOSTILE; n++)
                if (strstr(texts[i], leaks[n]))
                    fail_msg("'%s' in: %s", leaks[n], texts[i]);
            for (const char *c = texts[i]; *c;)
                assert_int_not_equal(text_next(&c), UINT32_MAX);
            free(texts[i]);
        }
        answer_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headlines),
        cmocka_unit_test(test_titles),
        cmocka_unit_test(test_study),
        cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_gain),
        cmocka_unit_test(test_malloc_line),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_several_in_a_study),
        cmocka_unit_test(test_phrases),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
