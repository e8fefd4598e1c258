/* Running the figures' queries; see query.h. */
#include "plots/query.h"

#include <errno.h>
#include <math.h>
#include <string.h>

int query_open(struct database *db, const char *sql, const char *variant, int64_t threads, sqlite3_stmt **out,
               struct error *err)
{
    *out = database_prepare(db, sql, err);
    if (!*out)
        return -EIO;
    const int parameters = sqlite3_bind_parameter_count(*out);
    if (parameters >= 1 && variant)
        sqlite3_bind_text(*out, 1, variant, -1, SQLITE_TRANSIENT);
    if (parameters >= 2 && threads >= 0)
        sqlite3_bind_int64(*out, 2, threads);
    return 0;
}

double query_number(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? NAN : sqlite3_column_double(stmt, column);
}

int query_text(struct database *db, const char *sql, const char *variant, int64_t threads, char **out,
               struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    *out = NULL;
    int rc = query_open(db, sql, variant, threads, &stmt, err);
    if (rc == 0)
        rc = database_step(db, stmt, err);
    if (rc == 1) {
        const char *value = (const char *)sqlite3_column_text(stmt, 0);
        *out = value ? strdup(value) : NULL;
        rc = value && !*out ? -ENOMEM : 0;
    }
    sqlite3_finalize(stmt);
    return rc;
}

int query_median(struct database *db, const char *sql, const char *variant, int64_t threads,
                 struct median *out, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    *out = (struct median){0, NAN, NAN, NAN, NAN};
    int rc = query_open(db, sql, variant, threads, &stmt, err);
    if (rc == 0)
        rc = database_step(db, stmt, err);
    if (rc == 1) {
        if (!isnan(query_number(stmt, 1)))
            *out = (struct median){sqlite3_column_int64(stmt, 0), query_number(stmt, 1),
                                   query_number(stmt, 2), query_number(stmt, 3), query_number(stmt, 4)};
        rc = 0;
    }
    sqlite3_finalize(stmt);
    return rc;
}
