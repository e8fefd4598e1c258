/* The answer as JSON: valid by SQLite's own judgement for every answer that is made by hand, and what is not
 * known is null.  Its shape is held against the schema by schema.sh. */
#include "analysis/answer/answer_json.h"
#include "tests/analysis/answer_made.h"

#include <sqlite3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *json_of(enum answer_made_kind kind)
{
    char *text = NULL;
    size_t size = 0;
    struct answer *a = answer_made(kind);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    answer_json_write(a, out);
    assert_int_equal(fclose(out), 0);
    answer_free(a);
    return text;
}

/* What a SELECT with the document as ?1 finds; NULL counts as "-". */
static void assert_finds(const char *json, const char *sql, const char *expected)
{
    sqlite3 *memory = NULL;
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_open(":memory:", &memory), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(memory, sql, -1, &s, NULL), SQLITE_OK);
    sqlite3_bind_text(s, 1, json, -1, SQLITE_STATIC);
    if (sqlite3_step(s) != SQLITE_ROW)
        fail_msg("%s: %s: %s", sql, sqlite3_errmsg(memory), json);
    const char *found = (const char *)sqlite3_column_text(s, 0);
    assert_string_equal(found ? found : "-", expected);
    sqlite3_finalize(s);
    sqlite3_close(memory);
}

static void test_valid(void **state)
{
    (void)state;
    for (int kind = 0; kind < MADE_KINDS; kind++) {
        char *json = json_of((enum answer_made_kind)kind);
        assert_finds(json, "SELECT json_valid(?1)", "1");
        assert_null(strchr(json, 27));
        free(json);
    }
}

static void test_values(void **state)
{
    (void)state;
    char *json = json_of(MADE_MALLOC);
    assert_finds(json, "SELECT ?1 ->> '$.conclusion'", "malloc_lock");
    assert_finds(json, "SELECT ?1 ->> '$.instead'", "-");
    assert_finds(json, "SELECT ?1 ->> '$.causes[0].share_of_core_time.high'", "0.45");
    assert_finds(json, "SELECT ?1 ->> '$.causes[0].gain_at_most.factor'", "1.58");
    assert_finds(json, "SELECT ?1 ->> '$.causes[0].process'", "-");
    assert_finds(json, "SELECT ?1 ->> '$.causes[0].cures[0].extra_bytes'", "9437184");
    assert_finds(json, "SELECT ?1 ->> '$.causes[0].cures[1].factor.value'", "-");
    assert_finds(json, "SELECT ?1 ->> '$.rows[1].word'", "join");
    assert_finds(json, "SELECT ?1 ->> '$.study'", "-");
    assert_finds(json, "SELECT ?1 ->> '$.run.threads_ns'", "-");
    assert_finds(json, "SELECT (?1 ->> '$.title') LIKE '%malloc lock takes%'", "1");
    free(json);
    json = json_of(MADE_MEMORY); /* the lines of a cure stay apart */
    assert_finds(json, "SELECT max(value ->> 'line') FROM json_each(?1, '$.causes[0].cures')",
                 "mallopt(M_MMAP_THRESHOLD, 64 << 20);\nmallopt(M_TRIM_THRESHOLD, -1);");
    free(json);
    json = json_of(MADE_OWN);
    assert_finds(json, "SELECT ?1 ->> '$.rows[5].is_malloc'", "-");
    assert_finds(json, "SELECT ?1 ->> '$.sure.notes[0]'", "10 197 call stacks not kept");
    assert_finds(json, "SELECT json_array_length(?1, '$.sure.losses')", "0");
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
