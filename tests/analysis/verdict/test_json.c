/* The JSON document: valid by SQLite's own judgement, complete, and safe with hostile names. */
#include "analysis/verdict/json.h"
#include "tests/analysis/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *json_of(const char *file, const char *more)
{
    struct fixture f;
    struct database *db = NULL;
    struct error err = {0};
    char *json = NULL;
    if (fixture_create(&f, (const char *const[]){file, NULL}, more) || database_open(f.path, &db, &err) ||
        json_all(db, &json, &err))
        fail_msg("%s", err.text);
    database_close(db);
    fixture_remove(&f);
    return json;
}

/* What SQLite's ->> finds at a path; NULL counts as "-". */
static void assert_at(const char *json, const char *path, const char *expected)
{
    sqlite3 *memory = NULL;
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_open(":memory:", &memory), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(memory, "SELECT ?1 ->> ?2", -1, &s, NULL), SQLITE_OK);
    sqlite3_bind_text(s, 1, json, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, path, -1, SQLITE_STATIC);
    if (sqlite3_step(s) != SQLITE_ROW)
        fail_msg("%s: %s", path, sqlite3_errmsg(memory));
    const char *found = (const char *)sqlite3_column_text(s, 0);
    assert_string_equal(found ? found : "-", expected);
    sqlite3_finalize(s);
    sqlite3_close(memory);
}

static void test_study(void **state)
{
    (void)state;
    char *json = json_of("study.sql", NULL);
    assert_at(json, "$.format", "1");
    assert_at(json, "$.verdict[0].topic", "loss");
    assert_at(json, "$.losses[0].reason", "recursion missed");
    assert_at(json, "$.losses[0].count", "7");
    assert_at(json, "$.losses[1]", "-");
    assert_at(json, "$.host.kernel", "Linux 6.18.0");
    assert_at(json, "$.study.threads", "1,4");
    assert_at(json, "$.views.wall_time[0].variant", "glibc");
    assert_at(json, "$.views.wall_time[4].median_ns", "249600000.0");
    assert_at(json, "$.views.wall_ratio[6].variant", "musl-dynamic");
    assert_at(json, "$.views.variant_status[3].absent_reason", "its sources were not found");
    assert_at(json, "$.views.futex_call", "-");
    free(json);
}

static void test_record(void **state)
{
    (void)state;
    char *json = json_of("record.sql", NULL);
    assert_at(json, "$.verdict[0].topic", "run");
    assert_at(json, "$.views.hottest_lock[0].variant", "-");
    assert_at(json, "$.views.wall_ratio[0]", "-");
    free(json);
}

/* The same recording gives the same bytes. */
static void test_reproducible(void **state)
{
    (void)state;
    char *one = json_of("study.sql", NULL), *two = json_of("study.sql", NULL);
    assert_string_equal(one, two);
    free(one);
    free(two);
}

/* For who can't take any number of rows: the first ones, and what was cut. */
static void test_cut(void **state)
{
    (void)state;
    struct fixture f;
    struct database *db = NULL;
    struct error err = {0};
    char *json = NULL;
    if (fixture_create(&f, (const char *const[]){"record.sql", NULL},
                       "INSERT INTO host VALUES ('a', '1'), ('b', '2'), ('c', NULL)") ||
        database_open(f.path, &db, &err) || json_most(db, 2, &json, &err))
        fail_msg("%s", err.text);
    assert_at(json, "$.host.a", "1");
    assert_at(json, "$.host.c", "-");
    assert_at(json, "$.host.kernel", "-");
    assert_at(json, "$.cut[0].what", "host");
    assert_at(json, "$.cut[0].shown", "2");
    assert_at(json, "$.cut[0].of", "5");
    free(json);
    json = NULL;
    assert_int_equal(json_most(db, 1000, &json, &err), 0);
    assert_at(json, "$.cut[0]", "-");
    assert_at(json, "$.host.kernel", "Linux 6.18.0");
    free(json);
    database_close(db);
    fixture_remove(&f);
}

static void test_hostile_names(void **state)
{
    (void)state;
    char *json = json_of("record.sql", "UPDATE lock SET name = CAST(x'225c1b5b324aff' AS TEXT) WHERE id = 1;"
                                       "UPDATE run SET command = 'x' || char(27) || '[2J'");
    assert_null(strchr(json, 27));
    assert_null(strchr(json, 0xff));
    assert_at(json, "$.views.hottest_lock[0].name", "\"\\\033[2J?");
    assert_at(json, "$.verdict[0].text",
              "`x?[2J` took 1.50\u00a0s and was interrupted: this is only its beginning.");
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_study),        cmocka_unit_test(test_record),
        cmocka_unit_test(test_reproducible), cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
