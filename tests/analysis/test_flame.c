/* The view `flame` on tests/data/flame.sql, by hand.  musl's two counted runs at 4 threads bring 168 and 32
 * samples; 'main' has 5 + 5 of its own, then come its children by name, each as wide as what lies under it.
 */
#include "analysis/database.h"
#include "tests/analysis/fixture.h"
#include "tests/analysis/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct opened {
    struct fixture fixture;
    struct database *db;
};

static struct opened opened_with(const char *more)
{
    struct opened o = {0};
    struct error err = {0};
    if (fixture_create(&o.fixture, (const char *const[]){"flame.sql", NULL}, more) ||
        database_open(o.fixture.path, &o.db, &err))
        fail_msg("%s", err.text);
    return o;
}

static void opened_close(struct opened *o)
{
    database_close(o->db);
    fixture_remove(&o->fixture);
}

static void test_tree(void **state)
{
    (void)state;
    struct opened o = opened_with(NULL);
    assert_rows(o.db,
                "SELECT position, depth, label, module, class, x, samples, self, share FROM flame "
                "WHERE variant = 'musl' AND threads = 4",
                "1|1|[unknown]|-|unknown|0|8|8|0.04\n"
                "2|1|start|passwords-musl|program|8|192|0|0.96\n"
                "3|2|main|passwords-musl|program|8|192|10|0.96\n"
                "4|3|[other.so]|other.so|unknown|18|7|7|0.035\n"
                "5|3|a;b\n\"q\" \\|passwords-musl|program|25|1|1|0.005\n"
                "6|3|encode|passwords-musl|program|26|100|100|0.5\n"
                "7|3|malloc|other.so|allocator|126|4|4|0.02\n"
                "8|3|malloc|passwords-musl|allocator|130|65|12|0.325\n"
                "9|4|__lock|passwords-musl|lock|142|53|20|0.265\n"
                "10|5|entry_SYSCALL_64|[kernel]|futex|162|33|0|0.165\n"
                "11|6|do_futex|[kernel]|futex|162|33|3|0.165\n"
                "12|7|futex_wake|[kernel]|futex|165|30|0|0.15\n"
                "13|8|hash_bucket|[kernel]|futex|165|30|30|0.15\n"
                "14|3|memcpy|passwords-musl|copy|195|5|5|0.025\n");
    opened_close(&o);
}

/* Variants in their order, thread counts apart, nothing of failed runs, nothing without samples. */
static void test_cells(void **state)
{
    (void)state;
    struct opened o = opened_with(NULL);
    assert_rows(o.db, "SELECT variant, threads, count(*), sum(self), max(samples) FROM flame GROUP BY 1, 2",
                "glibc|4|3|100|100\nmusl|1|6|16|16\nmusl|4|14|200|192\n");
    assert_rows(o.db, "SELECT DISTINCT variant, threads FROM flame", "glibc|4\nmusl|1\nmusl|4\n");
    assert_rows(o.db, "SELECT sum(self) = (SELECT sum(samples) FROM frame_sample) - 1000 FROM flame", "1\n");
    opened_close(&o);
}

/* A run beside the rounds is there for its call paths alone. */
static void test_runs(void **state)
{
    (void)state;
    struct opened o = opened_with(NULL);
    assert_rows(o.db, "SELECT group_concat(id, ' ') FROM sampled_run", "3 4 5 7\n");
    assert_rows(o.db, "SELECT group_concat(id, ' ') FROM counted_run", "1 2 3 4 5\n");
    assert_rows(o.db, "SELECT group_concat(run_id, ' ') FROM failed_run", "6\n");
    assert_rows(o.db, "SELECT variant, status, runs, counted_runs, failed_runs FROM variant_status",
                "glibc|measured|2|2|0\nmusl|partly|5|4|1\nmine|not run|0|0|0\n");
    opened_close(&o);
}

/* A page fault in a lock function is no futex call, nor is another function's system call that isn't one. */
static void test_futex(void **state)
{
    (void)state;
    struct opened o = opened_with(NULL);
    assert_rows(o.db, "SELECT depth, label, class, self FROM flame WHERE variant = 'musl' AND threads = 1",
                "1|start|program|9\n"
                "2|__unlock|lock|1\n"
                "3|asm_exc_page_fault|kernel|2\n"
                "2|read|program|0\n"
                "3|entry_SYSCALL_64|kernel|1\n"
                "4|futex_hash|futex|3\n");
    opened_close(&o);
}

/* A tree that is none: a frame that calls itself, a circle, a caller in another run, and one that is not
 * there. */
static void test_bad_trees(void **state)
{
    (void)state;
    struct opened o =
        opened_with("PRAGMA foreign_keys = OFF;"
                    "INSERT INTO frame (id, run_id, caller, symbol, class) VALUES "
                    "(80, 3, 80, 'self', 'program'), (81, 3, 82, 'one', 'program'), "
                    "(82, 3, 81, 'two', 'program'), (83, 3, 42, 'foreign', 'program'), "
                    "(84, 3, 999, 'orphan', 'program');"
                    "INSERT INTO frame_sample VALUES (80, 1), (81, 1), (82, 1), (83, 1), (84, 1);");
    assert_rows(o.db, "SELECT count(*), sum(self) FROM flame WHERE variant = 'glibc'", "3|100\n");
    opened_close(&o);
}

/* 1,024 frames are a path, one more are not: in bounded memory. */
static void test_deep(void **state)
{
    (void)state;
    struct opened o =
        opened_with("INSERT INTO run (id, command, probes, started_at) VALUES (90, 'deep', 'waits', '');"
                    "WITH RECURSIVE n(i) AS (VALUES (1000) UNION ALL SELECT i + 1 FROM n WHERE i < 4999) "
                    "INSERT INTO frame (id, run_id, caller, symbol, class) "
                    "SELECT i, 90, nullif(i - 1, 999), 'again', 'program' FROM n;"
                    "INSERT INTO frame_sample VALUES (1000, 1), (2023, 2), (2024, 4), (4999, 8);");
    assert_rows(o.db, "SELECT count(*), max(depth), sum(self), max(samples) FROM flame WHERE variant IS NULL",
                "1024|1024|3|3\n");
    opened_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),  cmocka_unit_test(test_cells),     cmocka_unit_test(test_runs),
        cmocka_unit_test(test_futex), cmocka_unit_test(test_bad_trees), cmocka_unit_test(test_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
