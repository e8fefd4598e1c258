/* Comparisons that are made at once: which they are, that their joint intervals begin where the rounds
 * suffice, and that of equal programs no more than one study in twenty tells any apart. */
#include "analysis/answer/comparison.h"
#include "analysis/database.h"
#include "tests/analysis/fixture.h"
#include "tests/analysis/query.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A study of `variants` besides glibc and `threads` thread counts, one untraced round each, and what else. */
static struct database *study_open(struct fixture *f, unsigned variants, unsigned threads, const char *more)
{
    char *sql = NULL;
    struct database *db = NULL;
    struct error err = {0};
    if (asprintf(
            &sql,
            "WITH RECURSIVE v(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM v WHERE n < %u), "
            "t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < %u) "
            "INSERT INTO run (variant, threads, probes, rep, wall_ns, command, started_at) "
            "SELECT iif(v.n, 'v' || v.n, 'glibc'), t.n, 'none', 1, 1000 + v.n, 'x', '2026-01-01T00:00:00Z' "
            "FROM v, t; INSERT INTO variant (position, name, libc, linkage, allocator, command) "
            "SELECT DISTINCT 1, variant, 'glibc 2.36', 'dynamic', variant, 'x' FROM run; %s",
            variants, threads, more ? more : "") < 0)
        fail();
    if (fixture_create(f, NULL, sql) || database_open(f->path, &db, &err))
        fail_msg("%s", err.text);
    free(sql);
    return db;
}

static void assert_family(unsigned variants, unsigned threads, const char *more, const char *expected)
{
    struct fixture f;
    struct database *db = study_open(&f, variants, threads, more);
    assert_rows(db, "SELECT * FROM comparison_family", expected);
    database_close(db);
    fixture_remove(&f);
}

/* Nine variants beside glibc at four thread counts are 36 comparisons with it.  The subject may be any of the
 * nine: 36 pairs of them at each thread count, and 9 with glibc.  If one is known beforehand, it has 9. */
static void family_is_what_could_be_said(void **state)
{
    (void)state;
    assert_family(9, 4, NULL, "baseline|36\nsubject|180\n");
    assert_family(
        9, 4,
        "UPDATE run SET variant = 'musl' WHERE variant = 'v3';"
        "UPDATE variant SET name = 'musl', libc = 'musl 1.2.3', linkage = 'static' WHERE name = 'v3'",
        "baseline|36\nsubject|36\n");
    assert_family(1, 1, NULL, "baseline|1\nsubject|1\n");
    assert_family(1, 3, NULL, "baseline|3\nsubject|3\n");
    assert_family(0, 1, NULL, "baseline|0\nsubject|0\n");
    /* what failed is not compared, nor what stands alone at its thread count */
    assert_family(2, 2,
                  "UPDATE run SET failure = 'x' WHERE variant = 'v2' OR (variant = 'glibc' AND threads = 2)",
                  "baseline|1\nsubject|1\n");
}

/* The view's first interval and the function that promises it: both have the bound. */
static void intervals_begin_where_promised(void **state)
{
    (void)state;
    static const unsigned families[] = {2, 3, 4, 6, 7, 12, 13, 25, 26, 50};
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        const unsigned m = families[i];
        struct fixture f;
        char expected[32];
        struct database *db = study_open(&f, m, 1, NULL);
        snprintf(expected, sizeof(expected), "%u|%u\n", m, comparison_rounds_least(m));
        assert_rows(db,
                    "SELECT comparisons, min(n) FROM joint_statistic WHERE reference = 'baseline' "
                    "AND low_rank IS NOT NULL",
                    expected);
        assert_rows(db, "SELECT count(*) FROM joint_statistic WHERE coverage < 0.95", "0\n");
        database_close(db);
        fixture_remove(&f);
    }
    struct fixture f;
    struct database *db = study_open(&f, 1, 1, NULL);
    assert_rows(db,
                "SELECT count(*) FROM joint_statistic AS j JOIN order_statistic AS o ON o.n = j.n "
                "WHERE j.low_rank IS o.low_rank AND j.high_rank IS o.high_rank AND j.coverage IS o.coverage "
                "AND j.reference = 'baseline'",
                "30\n"); /* of one comparison: the same for each n */
    database_close(db);
    fixture_remove(&f);
}

/* ---- simulated studies ---- */

enum { ROUNDS_MOST = 24, VARIANTS_MOST = 9, STUDIES = 4000 };

/* Returns the next number of Steele, Lea and Flood's SplitMix64, OOPSLA 2014, in (0, 1). */
static double uniform(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return ((double)((z ^ z >> 31) >> 12) + 0.5) / 4503599627370496.0;
}

/* A time as machines have them: a least one, and a long tail of delays. */
static double time_of(uint64_t *state)
{
    return 1 - 0.3 * log(uniform(state));
}

struct ranks {
    unsigned low, high;
};

/* Returns the ranks that a view has for n rounds. */
static struct ranks ranks_read(struct database *db, const char *view, unsigned n)
{
    char sql[160];
    struct ranks r;
    snprintf(sql, sizeof(sql), "SELECT low_rank, high_rank FROM %s WHERE n = %u LIMIT 1", view, n);
    char *rows = query_rows(db, sql);
    assert_int_equal(sscanf(rows, "%u|%u", &r.low, &r.high), 2);
    free(rows);
    return r;
}

static int double_compare(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static bool tells_apart(const double *sorted, struct ranks r)
{
    const enum comparison claim = comparison_of(sorted[r.low - 1], sorted[r.high - 1], 0.96);
    return claim == COMPARISON_LONGER || claim == COMPARISON_SHORTER;
}

/* Plays studies of equal programs, all compared with one of them, and counts those in which any was told
 * apart: each by itself, and jointly. */
static void studies_play(unsigned variants, unsigned rounds, struct ranks alone, struct ranks joint,
                         unsigned wrong[2])
{
    uint64_t state = 1;
    for (unsigned study = 0; study < STUDIES; study++) {
        double ratios[VARIANTS_MOST][ROUNDS_MOST];
        bool any[2] = {false, false};
        for (unsigned round = 0; round < rounds; round++) {
            const double baseline = time_of(&state);
            for (unsigned v = 0; v < variants; v++)
                ratios[v][round] = time_of(&state) / baseline;
        }
        for (unsigned v = 0; v < variants; v++) {
            qsort(ratios[v], rounds, sizeof(ratios[v][0]), double_compare);
            any[0] |= tells_apart(ratios[v], alone);
            any[1] |= tells_apart(ratios[v], joint);
        }
        wrong[0] += any[0];
        wrong[1] += any[1];
    }
}

/* The seed is fixed, so that the counts are the same everywhere.  What is expected is below 0.05 by the
 * inequality, so that no allowance is made for chance. */
static void equal_programs_are_rarely_told_apart(void **state)
{
    (void)state;
    static const struct {
        unsigned variants, rounds;
    } cases[] = {{2, 9}, {2, 20}, {4, 9}, {4, 12}, {9, 9}, {9, 12}, {9, 20}, {9, 24}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;
        struct database *db = study_open(&f, cases[i].variants, 1, NULL);
        const struct ranks alone = ranks_read(db, "order_statistic", cases[i].rounds);
        const struct ranks joint =
            ranks_read(db, "(SELECT * FROM joint_statistic WHERE reference = 'baseline')", cases[i].rounds);
        unsigned wrong[2] = {0, 0};
        studies_play(cases[i].variants, cases[i].rounds, alone, joint, wrong);
        if (wrong[1] > STUDIES / 20 || wrong[0] <= STUDIES / 20)
            fail_msg("%u variants, %u rounds: of %u studies %u tell one apart jointly, %u each by itself",
                     cases[i].variants, cases[i].rounds, STUDIES, wrong[1], wrong[0]);
        database_close(db);
        fixture_remove(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(family_is_what_could_be_said),
        cmocka_unit_test(intervals_begin_where_promised),
        cmocka_unit_test(equal_programs_are_rarely_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
