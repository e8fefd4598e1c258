/* See query.h. */
#include "tests/analysis/query.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void value_write(sqlite3_stmt *row, int column, FILE *out)
{
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
        fputs("-", out);
        break;
    case SQLITE_FLOAT: {
        double value = sqlite3_column_double(row, column);
        fprintf(out, value == floor(value) ? "%.0f" : "%.9g", value);
        break;
    }
    default:
        fputs((const char *)sqlite3_column_text(row, column), out);
    }
}

char *query_rows(struct database *db, const char *sql)
{
    struct error err = {0};
    sqlite3_stmt *statement = database_prepare(db, sql, &err);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    int rc = statement ? 1 : -1;
    while (rc == 1 && (rc = database_step(db, statement, &err)) == 1)
        for (int i = 0, n = sqlite3_column_count(statement); i < n; i++) {
            value_write(statement, i, out);
            fputs(i + 1 < n ? "|" : "\n", out);
        }
    sqlite3_finalize(statement);
    fclose(out);
    if (rc < 0)
        fail_msg("%s: %s", sql, err.text);
    return text;
}
