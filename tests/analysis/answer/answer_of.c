/* See answer_of.h. */
#include "tests/analysis/answer/answer_of.h"

#include "tests/analysis/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct answer *answer_of(const char *const *files, const char *more)
{
    struct fixture f;
    struct database *db = NULL;
    struct error err = {0};
    struct answer *a = NULL;
    if (fixture_create(&f, files, more) || database_open(f.path, &db, &err) || answer_make(db, &a, &err))
        fail_msg("%s", err.text);
    database_close(db);
    fixture_remove(&f);
    return a;
}

void assert_concludes(const char *const *files, const char *more, const char *conclusion, const char *instead)
{
    struct answer *a = answer_of(files, more);
    assert_string_equal(answer_conclusion_key(a->conclusion), conclusion);
    assert_string_equal(answer_instead_key(a->instead), instead);
    answer_free(a);
}
