/* The answer's conclusion: on the recordings of tests/data, and on changed copies of them. */
#include "analysis/answer/answer.h"
#include "analysis/answer/answer_words.h"
#include "tests/analysis/answer/answer_of.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Half of the core time: 300 ns of 3000 calls' user code and kernel, held against two busy cores. */
static void malloc_lock(void **state)
{
    (void)state;
    struct answer *a = answer_of(LEDGER, NULL);
    assert_int_equal(a->conclusion, ANSWER_MALLOC_LOCK);
    const struct answer_cause *c = &a->causes[0];
    assert_string_equal(c->lock, "__malloc_lock");
    assert_int_equal(c->mechanism, MECHANISM_OVERSUBSCRIPTION);
    assert_true(c->cpu_share.value > 0.3 && c->cpu_share.value < 0.6);
    assert_true(c->gain.value > 1.5);
    assert_int_equal(c->calls, 3000);
    assert_int_equal(c->in_vain, 2990);
    assert_string_equal(a->rows[0].name, "__malloc_lock");
    assert_string_equal(a->mode, "ledger");
    answer_free(a);
}

static const struct answer_part *part_named(const struct answer *a, const char *what)
{
    for (size_t i = 0; i < a->part_count; i++)
        if (!strcmp(a->parts[i].what, what))
            return &a->parts[i];
    fail_msg("no part %s", what);
    return NULL;
}

/* The way into the kernel and back of each futex call is the locks', and what remains of that state is not.
 */
static void entries_of_futex_calls(void **state)
{
    (void)state;
    struct answer *a = answer_of(LEDGER, NULL), *none = answer_of(LEDGER, "DELETE FROM lock_outcome;");
    const double moved = part_named(none, "kernel")->ns.value - part_named(a, "kernel")->ns.value;
    assert_true(moved > 0);
    assert_true(part_named(a, "lock")->ns.value >= moved);
    assert_true(part_named(a, "kernel")->ns.value >= 0);
    double sum = 0;
    for (size_t i = 0; i < a->part_count; i++)
        sum += a->parts[i].ns.value;
    assert_true(fabs(sum - a->cpu_ns) < 1);
    answer_free(a);
    answer_free(none);
}

/* Threads that collide at a word collide inside the kernel, too: told where it takes a tenth of the calls'
 * time. */
static void kernel_locks(void **state)
{
    (void)state;
#define COLLIDE                                                                                              \
    "UPDATE lock_outcome SET calls = 3000 WHERE outcome = 'eagain'; UPDATE lock_outcome SET calls = 10 "     \
    "WHERE outcome = 'woke_none';"
    struct answer *a = answer_of(LEDGER, COLLIDE "UPDATE lock_outcome SET kernel_lock_ns = total_ns / 2;");
    assert_int_equal(a->causes[0].mechanism, MECHANISM_PARALLEL);
    assert_true(a->causes[0].kernel_lock_ns > 0.4 * a->causes[0].calls_ns);
    assert_non_null(strstr(a->causes[0].mechanism_text, "went to locks inside the kernel"));
    answer_free(a);
    a = answer_of(LEDGER, COLLIDE "UPDATE lock_outcome SET kernel_lock_ns = total_ns / 20;");
    assert_null(strstr(a->causes[0].mechanism_text, "inside the kernel"));
    answer_free(a);
    a = answer_of(LEDGER, COLLIDE); /* not seen */
    assert_true(isnan(a->causes[0].kernel_lock_ns));
    assert_null(strstr(a->causes[0].mechanism_text, "inside the kernel"));
    answer_free(a);
}

/* Somebody waits for work there: nobody is to blame.  And what is slow instead isn't seen without samples. */
static void idle_words_are_no_subject(void **state)
{
    (void)state;
    assert_concludes(RECORD, QUEUE_IS("condition"), "cannot_tell", "nothing");
    assert_concludes(RECORD, QUEUE_IS("join"), "cannot_tell", "nothing");
    assert_concludes(RECORD, QUEUE_IS("idle"), "cannot_tell", "nothing");
}

static void own_lock(void **state)
{
    (void)state;
    struct answer *a = answer_of(RECORD, QUEUE_IS("mutex"));
    assert_int_equal(a->conclusion, ANSWER_OWN_LOCK);
    assert_string_equal(a->causes[0].lock, "queue_lock");
    assert_int_equal(a->causes[0].mechanism, MECHANISM_LONG_HOLDS);
    assert_string_equal(a->causes[0].callers[0].function, "consume");
    assert_true(a->causes[0].gain_misses_spinning);
    answer_free(a);
}

#define MALLOC_SLEPT(ns)                                                                                     \
    QUEUE_IS("mutex")                                                                                        \
    "INSERT INTO lock_outcome (lock_id, op, outcome, calls, total_ns, oncpu_ns, "                            \
    "blocked_ns, runnable_ns) VALUES (2, 'wait', 'slept', 80, " ns ", 80000, " ns ", 0);"
#define QUEUE_TOOK(ns) "UPDATE lock_outcome SET oncpu_ns = " ns " WHERE lock_id = 1 AND op = 'wake';"

static void assert_subjects(const char *change, size_t subjects, const char *headline, const char *first)
{
    struct answer *a = answer_of(RECORD, change);
    char *line = answer_words_headline(a);
    assert_int_equal(a->subject_count, subjects);
    assert_non_null(strstr(line, headline));
    assert_string_equal(a->causes[0].lock, first);
    free(line);
    answer_free(a);
}

/* Two causes of which the recording doesn't tell which one costs more are the conclusion together. */
static void causes_of_like_size(void **state)
{
    (void)state;
    assert_subjects(MALLOC_SLEPT("880000000"), 2, "YOUR LOCK AND MALLOC'S LOCK.  ", "queue_lock");
    assert_subjects(MALLOC_SLEPT("950000000"), 2, "MALLOC'S LOCK AND YOUR LOCK.  ", "main_arena");
    assert_subjects(MALLOC_SLEPT("100000000"), 1, "YOUR LOCK.  ", "queue_lock"); /* costs too little */
    /* What may cost nothing stands beside nothing that surely costs something, */
    assert_subjects(MALLOC_SLEPT("700000000") QUEUE_TOOK("300000000"), 1, "YOUR LOCK.  ", "queue_lock");
    /* but isn't told to be the smaller one. */
    assert_subjects(MALLOC_SLEPT("1300000000") QUEUE_TOOK("300000000"), 2, "AND", "main_arena");
}

static void whose_is_not_known(void **state)
{
    (void)state;
    struct answer *a = answer_of(RECORD, QUEUE_IS("mutex") "UPDATE lock SET is_malloc = NULL WHERE id = 1;");
    assert_int_equal(a->conclusion, ANSWER_CANNOT_TELL);
    assert_non_null(strstr(a->reason, "queue_lock"));
    assert_non_null(strstr(a->reason, "whose it is"));
    assert_non_null(a->settle);
    answer_free(a);
}

#define QUIET "DELETE FROM lock_outcome; UPDATE run SET user_ns = 1400000000, system_ns = 10000000;"

static void not_a_lock(void **state)
{
    (void)state;
    struct answer *a = answer_of(RECORD, QUIET "INSERT INTO sample (run_id, class, symbol, module, samples) "
                                               "VALUES (1, 'program', 'work', 'server', 950), "
                                               "(1, 'allocator', 'malloc', 'libc.so.6', 50);");
    assert_int_equal(a->conclusion, ANSWER_NOT_A_LOCK);
    assert_int_equal(a->instead, INSTEAD_OWN_CODE);
    assert_non_null(strstr(a->reason, "work (server)"));
    assert_string_equal(a->mode, "profile");
    answer_free(a);
    assert_concludes(RECORD,
                     QUIET "INSERT INTO sample (run_id, class, symbol, module, samples) VALUES (1, "
                           "'page_fault', NULL, NULL, 900), "
                           "(1, 'program', 'work', 'server', 50);",
                     "not_a_lock", "page_faults");
    assert_concludes(RECORD,
                     QUIET "INSERT INTO sample (run_id, class, symbol, module, samples) VALUES (1, "
                           "'program', 'work', 'server', 5);",
                     "cannot_tell", "nothing");
    assert_concludes(RECORD,
                     QUIET "UPDATE run SET user_ns = 9000000; INSERT INTO sample (run_id, class, symbol, "
                           "module, samples) VALUES (1, 'program', 'w', 's', 50);",
                     "not_a_lock", "asleep");
}

/* A lock's functions cost something where nobody waits, too: what spins is in a loop. */
static void spinning(void **state)
{
    (void)state;
#define SPIN(samples)                                                                                        \
    QUIET "INSERT INTO sample VALUES (1, 'lock', '__lock', 'server', 600, " samples "), "                    \
          "(1, 'allocator', 'malloc', 'server', 390, 0), (1, 'program', 'work', 'server', 10, 0);"
    struct answer *a = answer_of(RECORD, SPIN("580"));
    assert_int_equal(a->conclusion, ANSWER_SPINNING);
    assert_string_equal(a->causes[0].lock, "__lock");
    assert_true(a->causes[0].cpu_ns.value > 0.55 * 1410e6 && a->causes[0].cpu_ns.value < 0.6 * 1410e6);
    answer_free(a);
    assert_concludes(RECORD, SPIN("0"), "not_a_lock", "allocator_code");
    assert_concludes(RECORD, SPIN("40"), "not_a_lock", "allocator_code");
}

/* Several threads keep more than one CPU at work, and sleep longer all the same: nobody hears of 150 % of a
 * time. */
static void asleep_on_several(void **state)
{
    (void)state;
    struct answer *a =
        answer_of(LEDGER, "DELETE FROM lock_outcome; DELETE FROM thread_state WHERE state GLOB 'futex*';"
                          "UPDATE thread_state SET ns = 3 * ns WHERE state = 'user';"
                          "INSERT INTO thread_state SELECT run_id, thread, tid, 'blocked', 90000000, 9 "
                          "FROM thread_state WHERE state = 'user'; UPDATE thread SET lifetime_ns = 99000000;"
                          "UPDATE sample SET samples = 100 * samples;");
    assert_int_equal(a->instead, INSTEAD_ASLEEP);
    assert_non_null(strstr(a->reason, "CPUs worked for it"));
    assert_null(strchr(a->reason, '%'));
    answer_free(a);
}

/* Two rounds more of musl+jemalloc, as its first two: with them all five comparisons of the study are told.
 */
#define EIGHT_ROUNDS                                                                                         \
    "INSERT INTO run (id, variant, threads, probes, rep, wall_ns, command, started_at) SELECT id + 6, "      \
    "variant, "                                                                                              \
    "threads, probes, rep + 6, wall_ns, command, started_at FROM run WHERE id IN (301, 302);"

/* Counting waits says nothing of a lock, but what another allocator alone saves was measured all the same. */
static void another_allocator_is_faster(void **state)
{
    (void)state;
    struct answer *a = answer_of(STUDY, "DELETE FROM lock_outcome; DELETE FROM sample;" EIGHT_ROUNDS);
    char *title = answer_words_title(a), *headline = answer_words_headline(a);
    assert_int_equal(a->conclusion, ANSWER_CANNOT_TELL);
    assert_string_equal(
        title, "With jemalloc 5.3.0 in place of mallocng, musl takes 0.47 of its time "
               "(0.39\u20130.53); why can't be told: what malloc spends it on isn't seen without samples");
    assert_non_null(strstr(headline, title));
    assert_string_equal(a->settle, "heapwait record COMMAND");
    free(title);
    free(headline);
    answer_free(a);
    a = answer_of(STUDY,
                  "DELETE FROM lock_outcome; DELETE FROM sample; UPDATE variant SET allocator = 'mallocng';");
    title = answer_words_title(a);
    assert_null(a->changed);
    assert_ptr_equal(strstr(title, "Can't tell: "), title);
    free(title);
    answer_free(a);
}

/* Six rounds tell one comparison apart, and not five: what helps can't be told, and what would tell is said.
 */
static void few_rounds_cure_nothing(void **state)
{
    (void)state;
    struct answer *a = answer_of(STUDY, NULL);
    assert_null(a->changed);
    assert_int_equal(a->study->outcome, COMPARISON_LONGER);
    assert_int_equal(a->study->comparisons, 5);
    assert_true(a->study->factor.low == 2.0 && a->study->factor.high == 2.8);
    assert_string_equal(a->not_seen[a->not_seen_count - 1],
                        "whether another allocator in the same build is faster: 5 comparisons at once need 8 "
                        "rounds");
    answer_free(a);
    a = answer_of(STUDY, "DELETE FROM run WHERE variant NOT IN ('musl', 'musl+jemalloc') OR threads = 1;");
    assert_int_equal(a->study->comparisons, 1);
    assert_int_equal(a->study->outcome, COMPARISON_SHORTER); /* jemalloc beside musl, in six rounds */
    answer_free(a);
}

/* The ledger's study with three allocators more, in so many rounds: jemalloc takes half of musl's time,
 * mimalloc the same, tcmalloc twice as long. */
#define CURES(rounds)                                                                                        \
    "DELETE FROM run WHERE probes = 'none'; INSERT INTO variant (position, name, libc, linkage, allocator, " \
    "command) "                                                                                              \
    "VALUES (3, 'j', 'musl 1.2.3', 'static', 'jemalloc 5.3.0', 'j'), (4, 'm', 'musl 1.2.3', 'static', "      \
    "'mimalloc 2.0.9', 'm'), (5, 't', 'musl 1.2.3', 'static', 'tcmalloc 2.10', 't');"                        \
    "WITH RECURSIVE round(rep) AS (SELECT 1 UNION ALL SELECT rep + 1 FROM round WHERE rep < " rounds "), "   \
    "took(variant, ns) AS (VALUES ('glibc', 1000000), ('musl', 2000000), ('j', 1000000), ('m', 2000000), "   \
    "('t', 4000000)) INSERT INTO run (variant, threads, passwords, probes, rep, wall_ns, exit_status, "      \
    "command, "                                                                                              \
    "started_at) SELECT variant, 4, 1000, 'none', rep, ns, 0, variant, '2026-01-01T00:00:00Z' FROM round, "  \
    "took;"

static size_t measured_count(const struct answer_cause *c)
{
    size_t count = 0;
    for (size_t i = 0; i < c->cure_count; i++)
        count += c->cures[i].measured;
    return count;
}

/* What was measured and surely doesn't help is no cure, and what can't be told is said to be so; nothing that
 * was measured is offered as if it weren't. */
static void cures_are_judged_together(void **state)
{
    (void)state;
    struct answer *a = answer_of(LEDGER_STUDY, CURES("8"));
    const struct answer_cause *c = &a->causes[0];
    char *title = answer_words_title(a);
    assert_non_null(strstr(title, "slower; jemalloc 5.3.0 cures it"));
    free(title);
    assert_int_equal(measured_count(c), 1);
    assert_int_equal(c->cures[0].outcome, COMPARISON_SHORTER);
    for (size_t i = 0; i < c->cure_count; i++)
        assert_null(strstr(c->cures[i].what, "malloc in place of"));
    answer_free(a);

    a = answer_of(LEDGER_STUDY,
                  CURES("7")); /* by itself, each interval of seven rounds has a coverage of 98 % */
    c = &a->causes[0];
    title = answer_words_title(a);
    assert_null(strstr(title, "cure"));
    assert_null(strstr(title, "slower"));
    free(title);
    assert_int_equal(measured_count(c), 1); /* the others took no less time */
    char *words = answer_words_cure(&c->cures[0]);
    assert_string_equal(words,
                        "jemalloc 5.3.0: can't tell whether it helps, 0.50 \u00d7 the time (4 comparisons at "
                        "once need 8 rounds)");
    free(words);
    answer_free(a);
}

/* Other allocators can be tried where LD_PRELOAD reaches the program, and only there. */
static void try_is_offered(void **state)
{
    (void)state;
    struct answer *a = answer_of(LEDGER, "UPDATE run SET linkage = 'dynamic', libc = 'glibc 2.36';");
    assert_int_equal(a->conclusion, ANSWER_MALLOC_LOCK);
    assert_non_null(a->settle);
    assert_string_equal(a->settle, "heapwait try -- COMMAND");
    answer_free(a);
    a = answer_of(LEDGER, "UPDATE run SET linkage = 'static', libc = 'glibc 2.36';");
    assert_null(a->settle);
    answer_free(a);
    a = answer_of(LEDGER, "UPDATE run SET linkage = 'dynamic', libc = 'musl 1.2.3';");
    assert_null(a->settle);
    answer_free(a);
}

/* While others have the machine, a lock that may cost more than it seems to is not called innocent. */
static void others_hide_it(void **state)
{
    (void)state;
#define LITTLE                                                                                               \
    QUEUE_IS("mutex")                                                                                        \
    "UPDATE lock_outcome SET total_ns = total_ns / 100, blocked_ns = blocked_ns / 100;"                      \
    "INSERT INTO sample VALUES (1, 'program', 'work', 'server', 800, 0), (1, 'lock', 'l', 'server', 190, "   \
    "0);"                                                                                                    \
    "UPDATE run SET user_ns = 980000000, system_ns = 10000000, foreign_cpu_ns = "
    struct answer *a = answer_of(RECORD, LITTLE "1950000000;");
    assert_int_equal(a->conclusion, ANSWER_CANNOT_TELL);
    assert_non_null(strstr(a->reason, "queue_lock"));
    assert_non_null(strstr(a->reason, "others used"));
    answer_free(a);
    assert_concludes(RECORD, LITTLE "0;", "not_a_lock", "own_code");
    /* Threads slept for 899 ms, and nothing else makes the lock a cause. */
    assert_concludes(RECORD, QUEUE_IS("mutex") "UPDATE run SET foreign_cpu_ns = 1000000000;", "cannot_tell",
                     "nothing");
    assert_concludes(RECORD, QUEUE_IS("mutex") "UPDATE run SET foreign_cpu_ns = 800000000;", "own_lock",
                     "nothing");
}

/* Losses that touch no number of the answer are notes. */
static void losses(void **state)
{
    (void)state;
    struct answer *a = answer_of(
        RECORD, "INSERT INTO loss (run_id, reason, count) VALUES (1, 'call stacks not kept', 10197), "
                "(1, 'tasks not followed', 1);");
    assert_int_equal(a->note_count, 1);
    assert_int_equal(a->loss_count, 1);
    assert_non_null(strstr(a->losses[0], "tasks not followed"));
    answer_free(a);
}

static void missing_calls(void **state)
{
    (void)state;
    assert_concludes(RECORD, QUEUE_IS("mutex") "INSERT INTO loss VALUES (1, 'x', 200, 'futex call');",
                     "cannot_tell", "nothing");
}

static void study(void **state)
{
    (void)state;
    struct answer *a = answer_of(STUDY, NULL);
    assert_non_null(a->study);
    assert_string_equal(a->study->variant, "musl");
    assert_string_equal(a->study->baseline, "glibc");
    assert_true(a->study->factor.low <= a->study->factor.value &&
                a->study->factor.value <= a->study->factor.high);
    answer_free(a);
}

static void nothing_was_counted(void **state)
{
    (void)state;
    assert_concludes(RECORD, "UPDATE run SET probes = 'none';", "cannot_tell", "nothing");
    assert_concludes(STUDY, "DELETE FROM run;", "cannot_tell", "nothing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malloc_lock),
        cmocka_unit_test(entries_of_futex_calls),
        cmocka_unit_test(kernel_locks),
        cmocka_unit_test(idle_words_are_no_subject),
        cmocka_unit_test(own_lock),
        cmocka_unit_test(causes_of_like_size),
        cmocka_unit_test(whose_is_not_known),
        cmocka_unit_test(not_a_lock),
        cmocka_unit_test(spinning),
        cmocka_unit_test(others_hide_it),
        cmocka_unit_test(try_is_offered),
        cmocka_unit_test(asleep_on_several),
        cmocka_unit_test(another_allocator_is_faster),
        cmocka_unit_test(few_rounds_cure_nothing),
        cmocka_unit_test(cures_are_judged_together),
        cmocka_unit_test(losses),
        cmocka_unit_test(missing_calls),
        cmocka_unit_test(study),
        cmocka_unit_test(nothing_was_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
