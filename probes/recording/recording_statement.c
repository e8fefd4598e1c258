/* Statements of the recording's writer: see recording_private.h. */
#include "probes/recording/recording_private.h"

#include <errno.h>
#include <sys/resource.h>

int recording_db_error(struct recording *r, struct error *err, const char *doing)
{
    int code = sqlite3_errcode(r->db) & 0xff;
    struct rlimit size = {.rlim_cur = RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &size); /* which holds for the work copy, too */
    if (code == SQLITE_IOERR && size.rlim_cur != RLIM_INFINITY)
        return error_set(
            err, -EFBIG,
            "can't %s in the recording '%s': no file may have more than %llu KiB here; raise that "
            "limit (`ulimit -f unlimited`)",
            doing, r->at.path, (unsigned long long)size.rlim_cur / 1024);
    return error_set(
        err, -EIO, "can't %s in the recording '%s': %s%s", doing, r->at.path, sqlite3_errmsg(r->db),
        code == SQLITE_FULL || code == SQLITE_NOMEM ? "; it is made in memory, which is full" : "");
}

struct bound bound_text(const char *s)
{
    return (struct bound){.type = s ? BOUND_TEXT : BOUND_NONE, .text = s};
}

struct bound bound_int(int64_t n)
{
    return (struct bound){.type = BOUND_INTEGER, .integer = n};
}

struct bound bound_known(int64_t n)
{
    return n < 0 ? (struct bound){.type = BOUND_NONE} : bound_int(n);
}

struct bound bound_real(double x)
{
    return x < 0 ? (struct bound){.type = BOUND_NONE} : (struct bound){.type = BOUND_REAL, .real = x};
}

static sqlite3_stmt *statement_get(struct recording *r, const char *sql)
{
    for (size_t i = 0; i < r->statement_count; i++)
        if (r->statements[i].sql == sql)
            return r->statements[i].stmt;
    sqlite3_stmt *stmt = NULL;
    if (r->statement_count == STATEMENTS || sqlite3_prepare_v2(r->db, sql, -1, &stmt, NULL))
        return NULL;
    r->statements[r->statement_count].sql = sql;
    r->statements[r->statement_count++].stmt = stmt;
    return stmt;
}

static void value_bind(sqlite3_stmt *stmt, int place, const struct bound *b)
{
    if (b->type == BOUND_TEXT)
        sqlite3_bind_text(stmt, place, b->text, -1, SQLITE_TRANSIENT);
    else if (b->type == BOUND_INTEGER)
        sqlite3_bind_int64(stmt, place, b->integer);
    else if (b->type == BOUND_REAL)
        sqlite3_bind_double(stmt, place, b->real);
    else
        sqlite3_bind_null(stmt, place);
}

int recording_statement_run(struct recording *r, const char *sql, const struct bound *bound, int count,
                            struct error *err)
{
    sqlite3_stmt *stmt = statement_get(r, sql);
    if (!stmt)
        return recording_db_error(r, err, "prepare a statement");
    for (int i = 0; i < count; i++)
        value_bind(stmt, i + 1, &bound[i]);
    int step = sqlite3_step(stmt);
    int rc = step == SQLITE_DONE || step == SQLITE_ROW ? 0 : recording_db_error(r, err, "write");
    sqlite3_reset(stmt);
    return rc;
}
