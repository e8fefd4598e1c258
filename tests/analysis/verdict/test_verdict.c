/* The verdict says what the data allow: on the study of tests/data, and on changed copies of it. */
#include "analysis/base/number.h"
#include "analysis/verdict/verdict.h"
#include "tests/analysis/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PC UNIT_SPACE "%"
#define MS UNIT_SPACE "ms"

/* The verdict as text, one "topic: sentence" a line. */
static char *verdict_make_of(const char *file, const char *more)
{
    struct fixture f;
    struct database *db = NULL;
    struct error err = {0};
    struct verdict *v = NULL;
    if (fixture_create(&f, (const char *const[]){file, NULL}, more) || database_open(f.path, &db, &err) ||
        verdict_make(db, &v, &err))
        fail_msg("%s", err.text);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < v->count; i++)
        fprintf(out, "%s: %s\n", v->sentences[i].topic, v->sentences[i].text);
    fclose(out);
    verdict_free(v);
    database_close(db);
    fixture_remove(&f);
    return text;
}

/* The same text, owned here until the next call: many words are looked for in one verdict. */
static const char *verdict_of(const char *file, const char *more)
{
    static char of[2048], *text;
    char wanted[sizeof(of)];
    int size = snprintf(wanted, sizeof(wanted), "%s %s", file, more ? more : "");
    assert_true(size >= 1 && (size_t)size < sizeof(wanted));
    if (text && !strcmp(of, wanted))
        return text;
    free(text);
    text = verdict_make_of(file, more);
    strcpy(of, wanted);
    return text;
}

static void assert_says(const char *file, const char *more, const char *words)
{
    const char *text = verdict_of(file, more);
    if (!strstr(text, words))
        fail_msg("'%s' is not in:\n%s", words, text);
}

static void assert_silent(const char *file, const char *more, const char *words)
{
    const char *text = verdict_of(file, more);
    if (strstr(text, words))
        fail_msg("'%s' is in:\n%s", words, text);
}

/* Of calls that are known to be missing it is said how many at least; nothing is called all of it then. */
static void test_missing_calls(void **state)
{
    const char *ends =
        "INSERT INTO loss SELECT id, 'calls without room', 3, 'futex call' FROM run WHERE id = 812;"
        "INSERT INTO loss SELECT id, 'runs that were skipped', 9, 'probe run' FROM run WHERE id = 812";
    const char *skips =
        "INSERT INTO loss SELECT id, 'runs that were skipped', 9, 'probe run' FROM run WHERE id = 812";
    (void)state;
    assert_says("study.sql", ends, "loss: At least 3 futex calls are missing.\n");
    assert_silent("study.sql", ends, "may be missing");
    assert_says("study.sql", skips, "loss: Futex calls may be missing: how many is not known.\n");
    assert_silent("study.sql", NULL, "futex calls are missing");
}

static void test_whole_study(void **state)
{
    (void)state;
    const char *text = verdict_of("study.sql", NULL);
    assert_string_equal(
        text,
        "loss: Lost: 7 events in 1 of 8 traced runs (recursion missed); what stands below lacks them.\n"
        "missing: musl+mimalloc is absent: its sources were not found.\n"
        "missing: musl-dynamic: 1 of 2 runs don't count (the first: it ended with exit status 3).\n"
        "slowdown: At 4 threads musl (static musl 1.2.3, mallocng) takes 2.40 times as long as glibc (95" PC
        " interval 2.00 to 2.80 over 9 rounds, for 5 comparisons at once), 250" MS " beside 104" MS
        ". Of the thread counts above one this has the largest ratio; measured: 1, 4.\n"
        "lock: The lock is malloc's __malloc_lock in passwords-musl (known by: symbol table): 99.90" PC
        " of all futex calls of musl at 4 threads are made for it.\n"
        "lock: Its callers above malloc, by a random sample of 95 calls: make (91.9" PC "), grow (8.12" PC
        ").\n"
        "calls: Futex calls for malloc's locks (per run, medians of 3 traced runs; in brackets: per "
        "password): 980 "
        "(0.98), of these 300 (0.3) EAGAIN waits, 20 (0.02) slept waits, 620 (0.62) empty wakes, 20 (0.02) "
        "waking "
        "wakes and 0 (0) others; 96.1" PC
        " of them neither slept nor woke anybody; beside it, glibc makes none.\n"
        "cure: With jemalloc 5.3.0 in place of mallocng in the same static musl 1.2.3 binary: whether "
        "musl+jemalloc and musl differ can't be told: 0.48 times as long (96.9" PC
        " interval 0.43 to 0.53 over 6 rounds by itself; 5 comparisons at once need 8 rounds); whether it "
        "and "
        "glibc differ can't be told: 1.12 times as long (96.9" PC
        " interval 1.00 to 1.25 over 6 rounds by itself; 5 comparisons at once need 8 rounds); futex calls "
        "for malloc's locks per run: 15 instead of 980.\n"
        "linkage: Linked dynamic instead of static, with nothing else changed: musl-dynamic took 1.00 times "
        "as long as "
        "musl in the one round measured, which can't tell a difference from noise.\n"
        "linkage: Linked static instead of dynamic, with nothing else changed: whether glibc-static and "
        "glibc differ can't be told: 0.50 times as long (93.8" PC
        " interval 0.50 to 0.50 over 5 rounds by itself; 5 comparisons at once need 8 rounds).\n"
        "single_thread: On one thread musl and glibc take the same time within 5" PC ": 1.00 times as long "
        "(95" PC " interval 0.99 to 1.01 over 9 rounds, for 5 comparisons at once): "
        "the slowdown is contention, not a slow allocator.\n"
        "overhead: Measuring cost: runs that count waits took 1.05 times as long as untraced ones (median of "
        "3 "
        "variants and "
        "thread counts; 1.00 to 1.08).\n"
        "noise: The machine was not quiet: other processes used 10.0" PC
        " of its CPU time during the untraced runs.\n");
}

/* Of one comparison nothing is corrected: six rounds tell, and fewer with what they are worth. */
static void test_one_comparison(void **state)
{
    (void)state;
    const char *alone = "DELETE FROM run WHERE variant NOT IN ('glibc', 'musl') OR threads = 1";
    assert_says("study.sql", alone,
                "takes 2.40 times as long as glibc (96.1" PC " interval 2.10 to 2.70 over 9 rounds), ");
    const char *five = "DELETE FROM run WHERE variant NOT IN ('glibc', 'musl') OR threads = 1 OR rep > 5";
    assert_says("study.sql", five,
                "takes 2.40 times as long as glibc (93.8" PC
                " interval 2.00 to 2.80 over 5 rounds, too few for "
                "95" PC "), ");
    assert_silent("study.sql", five, "at once");
}

/* Each of two comparisons by itself has its whole interval above 1; both together are told apart from 7
 * rounds on, before which nothing is said to differ. */
static void test_two_comparisons(void **state)
{
    (void)state;
#define TWO "DELETE FROM run WHERE variant NOT IN ('glibc', 'musl')"
    assert_says(
        "study.sql", TWO " OR rep > 6",
        "whether musl (static musl 1.2.3, mallocng) and glibc differ can't be told: 2.30 times as long "
        "(96.9" PC " interval 2.00 to 2.80 over 6 rounds by itself; 2 comparisons at once need 7 rounds)");
    assert_says("study.sql", TWO " OR rep > 7",
                "takes 2.40 times as long as glibc (95" PC
                " interval 2.00 to 2.80 over 7 rounds, for 2 comparisons at once)");
    /* A round in which musl is faster: among nine its own interval leaves it out, that for five doesn't. */
    const char *once = "UPDATE run SET wall_ns = 90000000 WHERE variant = 'musl' AND threads = 4 AND rep = 2";
    assert_says("study.sql", once,
                "differ can't be told: 2.40 times as long (95" PC
                " interval 0.90 to 2.80 over 9 rounds, for 5 comparisons at once; some 10 "
                "rounds would tell)");
}

/* musl at half of glibc's time: the same sentences turn round, and nobody speaks of contention. */
static void test_musl_is_faster(void **state)
{
    (void)state;
    const char *faster = "UPDATE run SET wall_ns = 50000000 WHERE variant = 'musl' AND threads = 4";
    assert_says("study.sql", faster, "mallocng) takes 0.48 times as long as glibc");
    assert_silent("study.sql", faster, "contention");
}

/* Programs that choose their thread count themselves. */
static void test_no_thread_count(void **state)
{
    (void)state;
    const char *own = "DELETE FROM run WHERE threads <> 4; UPDATE run SET threads = NULL";
    assert_says("study.sql", own,
                "slowdown: musl (static musl 1.2.3, mallocng) takes 2.40 times as long as glibc");
    assert_silent("study.sql", own, "At 0 threads");
}

static void test_interval_holds_one(void **state)
{
    (void)state;
    const char *same = "UPDATE run SET wall_ns = 104000000 WHERE variant = 'musl' AND threads = 4";
    assert_says(
        "study.sql", same,
        "slowdown: At 4 threads musl (static musl 1.2.3, mallocng) and glibc take the same time within 5" PC
        ": 1.00");
    assert_silent("study.sql", same, "contention");
}

/* One thread is as slow as four: then it is not contention. */
static void test_slow_on_one_thread(void **state)
{
    (void)state;
    const char *slow = "UPDATE run SET wall_ns = wall_ns * 3 WHERE variant = 'musl' AND threads = 1";
    assert_says("study.sql", slow, "On one thread musl takes 3.00 times as long as glibc");
    assert_says("study.sql", slow, "the slowdown is there without any contention.");
    const char *half = "UPDATE run SET wall_ns = wall_ns / 2 * 3 WHERE variant = 'musl' AND threads = 1";
    assert_says("study.sql", half,
                "part of the slowdown is there without any contention, the rest comes with threads.");
    const char *wide =
        "UPDATE run SET wall_ns = wall_ns / 10 * CASE rep % 3 WHEN 0 THEN 9 WHEN 1 THEN 15 ELSE 25 END "
        "WHERE variant = 'musl' AND threads = 1";
    assert_says("study.sql", wide, "whether the slowdown comes with threads can't be told from these runs.");
}

/* No call for malloc's locks: said so, and "contention" needs them. */
static void test_no_malloc_waits(void **state)
{
    (void)state;
    const char *none = "UPDATE lock SET is_malloc = 0";
    assert_says("study.sql", none,
                "lock: No malloc lock waits are seen in musl at 4 threads: the futex word with the "
                "most calls, 99.90" PC " of them, is __malloc_lock");
    assert_silent("study.sql", none, "calls:");
    assert_says(
        "study.sql", "UPDATE lock SET is_malloc = NULL",
        "lock: No wait in musl at 4 threads is known to be for a lock of malloc's: the futex word with the "
        "most calls, 99.90" PC " of them, is __malloc_lock in passwords-musl (known by: symbol table), and "
        "nothing tells whose it is.");
    assert_says("study.sql", "UPDATE lock SET is_malloc = iif(is_malloc, 0, NULL)",
                "which is not malloc's; nothing tells whose the words of 0.10" PC " of the calls are.");
    assert_says("record.sql",
                "UPDATE lock SET is_malloc = iif(id = 2, NULL, 0); UPDATE lock_outcome SET outcome = "
                "'under_way' WHERE lock_id = 2 AND op = 'wait'",
                "nothing tells whose the words of 10.0" PC " of the calls are."); /* they wait all the same */
    assert_says("record.sql",
                "UPDATE lock SET allocator = 'jemalloc' WHERE id = 2; DELETE FROM lock WHERE id = 1",
                "The lock is malloc's main_arena in libc.so.6, a lock of jemalloc (known by: ");
    assert_says("record.sql",
                "UPDATE lock SET name = 'lock of ptmalloc (bin)' WHERE id = 2; DELETE FROM lock WHERE id = 1",
                "The lock is a lock of ptmalloc (bin) in libc.so.6 (known by: ");
    assert_says("record.sql", "UPDATE run SET allocator_evidence = 'in process 7: ' || allocator_evidence",
                "The process with the hottest lock allocates with ptmalloc (in process 7: malloc is ");
    assert_says("study.sql", "UPDATE lock SET is_malloc = NULL WHERE NOT is_malloc",
                "lock: The lock is malloc's __malloc_lock");
    assert_says("study.sql", none, "the slowdown comes with threads, it is not a slow allocator.");
    assert_says("study.sql", "UPDATE lock SET name = 'malloc''s lock in passwords-musl' WHERE is_malloc",
                "lock: The lock is malloc's lock in passwords-musl (known by: symbol table): 99.90" PC
                " of all");
    assert_says("study.sql", "UPDATE frame SET symbol = NULL, address = id, class = 'unknown'",
                "lock: The lock is malloc's __malloc_lock");
    assert_silent("study.sql", "UPDATE frame SET symbol = NULL, address = id, class = 'unknown'",
                  "callers above malloc"); /* whose they are can't be told */
    assert_silent("study.sql", "DELETE FROM waiter", "callers above malloc");
    assert_says("study.sql", "DELETE FROM lock_outcome",
                "lock: No malloc lock waits: no futex call at all was seen in musl at 4 threads.");
}

static void test_not_traced(void **state)
{
    (void)state;
    const char *untraced = "UPDATE run SET failure = 'x' WHERE variant = 'musl' AND probes = 'waits'";
    assert_says("study.sql", untraced,
                "lock: Where musl at 4 threads waits is not known: no run of it was traced.");
    assert_silent("study.sql", untraced, "calls:");
}

static void test_nothing_to_compare_with(void **state)
{
    (void)state;
    const char *alone = "DELETE FROM run WHERE variant <> 'musl'; DELETE FROM variant WHERE name <> 'musl'";
    assert_says("study.sql", alone, "slowdown: There is nothing to compare musl with");
    assert_says("study.sql", alone, "lock: The lock is malloc's __malloc_lock");
    assert_silent("study.sql", alone, "glibc");
    const char *failed = "UPDATE run SET failure = 'exit status 1' WHERE variant <> 'musl'";
    assert_says("study.sql", failed, "missing: glibc: 21 of 21 runs don't count (the first: exit status 1).");
}

static void test_every_run_failed(void **state)
{
    (void)state;
    assert_says("study.sql", "UPDATE run SET failure = 'killed'",
                "slowdown: No run counts: nothing was measured.");
    assert_says("study.sql", "DELETE FROM run", "missing: musl was not run.");
}

/* Anyone's binaries under any name: the slowest stands beside the first one on glibc. */
static void test_other_names(void **state)
{
    (void)state;
    const char *renamed =
        "UPDATE variant SET name = 'rust-' || name; UPDATE run SET variant = 'rust-' || variant";
    assert_says("study.sql", renamed,
                "At 4 threads rust-musl (static musl 1.2.3, mallocng) takes 2.40 times as long as "
                "rust-glibc");
    const char *unknown = "UPDATE variant SET libc = NULL, linkage = NULL, allocator = NULL";
    assert_says("study.sql", unknown, "At 4 threads musl takes 2.40 times as long as glibc");
    assert_says("study.sql", unknown, "other: Whether musl+jemalloc and glibc differ can't be told: 1.12");
    assert_silent("study.sql", unknown, "cure:");
}

static void test_one_round(void **state)
{
    (void)state;
    assert_says("study.sql", "DELETE FROM run WHERE rep > 1",
                "mallocng) took 2.40 times as long as glibc in the one round measured, which can't tell a "
                "difference");
    assert_silent("study.sql", "DELETE FROM run WHERE rep > 1", "contention");
}

/* 22 threads on glibc and musl: the post's figure beside ours. */
static void test_published(void **state)
{
    (void)state;
    const char *many = "UPDATE run SET threads = 22 WHERE threads = 4";
    assert_says("study.sql", many,
                "found 9.16 times as long on 22 threads of another machine; on 22 threads here, by "
                "the program's own clock, musl takes 2.40 times as long as glibc");
    assert_silent("study.sql", NULL, "blog post");
}

static void test_loss_not_watched(void **state)
{
    (void)state;
    assert_says("study.sql", "DELETE FROM loss", "loss: What was lost is not known in 8 of 8 traced runs");
}

static void test_record(void **state)
{
    (void)state;
    const char *text = verdict_of("record.sql", NULL);
    assert_string_equal(
        text,
        "run: `server --port 80` took 1.50" UNIT_SPACE "s and was interrupted: this is only its beginning.\n"
        "run: It allocates with ptmalloc (malloc is libc.so.6's, which has _int_malloc).\n"
        "lock: The futex word with the most calls of the command, 90.0" PC
        " of them, is queue_lock in server (known by: symbol table), which is not malloc's; the hottest of "
        "malloc's is main_arena in libc.so.6 (known by: separate debug file), with 20 calls per run.\n"
        "lock: Its callers above malloc, by a random sample of 15 calls: consume (70.0" PC
        "), server+0x1234 (30.0" PC ").\n"
        "calls: Futex calls for malloc's locks (one run): 20, of these 15 EAGAIN waits, 0 slept waits, 5 "
        "empty "
        "wakes, 0 waking wakes and 0 others; 100" PC " of them neither slept nor woke anybody.\n");
    assert_says("record.sql", "DELETE FROM lock_outcome",
                "No malloc lock waits: no futex call at all was seen");
    assert_says("record.sql", "UPDATE run SET probes = 'none'",
                "It was not traced, so where it waits is not known.");
    assert_says("record.sql", "UPDATE run SET wall_ns = NULL, interrupted = 0, term_signal = 9",
                "died by signal 9");
    assert_says("record.sql", "DELETE FROM run", "The recording holds no run: nothing was measured.");
}

/* A part that is measured or estimated may be more than its whole: nobody is told of more than 100 %. */
static void test_no_more_than_all(void **state)
{
    (void)state;
    assert_says("study.sql", "UPDATE run SET foreign_cpu_ns = 100 * wall_ns",
                "noise: The machine was not quiet: other processes used all of its CPU time during");
    /* what it takes for random numbers is more than the whole difference */
    const char *more = "UPDATE thread_state SET ns = ns + 9000000 WHERE run_id = 20 AND state = 'random'";
    assert_says("ledger.sql", more, "; it takes more for random source (9");
    assert_says("ledger.sql", more, ", and less for other things; heapwait's own probes took ");
    assert_silent("ledger.sql", more, "random source (4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_more_than_all),   cmocka_unit_test(test_missing_calls),
        cmocka_unit_test(test_one_comparison),     cmocka_unit_test(test_two_comparisons),
        cmocka_unit_test(test_whole_study),        cmocka_unit_test(test_musl_is_faster),
        cmocka_unit_test(test_interval_holds_one), cmocka_unit_test(test_no_thread_count),
        cmocka_unit_test(test_slow_on_one_thread), cmocka_unit_test(test_no_malloc_waits),
        cmocka_unit_test(test_not_traced),         cmocka_unit_test(test_nothing_to_compare_with),
        cmocka_unit_test(test_every_run_failed),   cmocka_unit_test(test_other_names),
        cmocka_unit_test(test_one_round),          cmocka_unit_test(test_published),
        cmocka_unit_test(test_loss_not_watched),   cmocka_unit_test(test_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
