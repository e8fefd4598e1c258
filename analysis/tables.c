/* See tables.h.  What a recording has is asked of SQLite, which reads schema.sql into an empty database in
 * memory. */
#include "analysis/tables.h"

#include "analysis/base/datadir.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

static sqlite3 *schema_open(struct error *err)
{
    char *sql = datadir_read("schema.sql", err);
    sqlite3 *schema = NULL;
    if (!sql)
        return NULL;
    if (sqlite3_open(":memory:", &schema) || sqlite3_exec(schema, sql, NULL, NULL, NULL)) {
        error_set(err, -EIO, "heapwait's own file 'schema.sql' doesn't work: %s; install heapwait again",
                  schema ? sqlite3_errmsg(schema) : "out of memory");
        sqlite3_close(schema);
        schema = NULL;
    }
    free(sql);
    return schema;
}

/* Returns 1 if the statement, which has two parameters, has a row for them; 0, or negative errno. */
static int is_there(struct database *db, sqlite3_stmt *statement, const char *first, const char *second,
                    struct error *err)
{
    sqlite3_reset(statement);
    sqlite3_bind_text(statement, 1, first, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, second, -1, SQLITE_STATIC);
    return database_step(db, statement, err);
}

/* `columns`: of all tables of the schema, the table's name and the column's, which is NULL in one row of each
 * table, the first. */
static int columns_find(struct database *db, const char *path, sqlite3_stmt *columns, struct error *err)
{
    sqlite3_stmt *table = database_prepare(
        db,
        "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name = ?1 AND ?2 IS NULL",
        err);
    sqlite3_stmt *column =
        table ? database_prepare(db, "SELECT 1 FROM pragma_table_info(?1, 'main') WHERE name = ?2", err)
              : NULL;
    int rc = column ? 0 : -EIO, step = SQLITE_DONE;
    while (!rc && (step = sqlite3_step(columns)) == SQLITE_ROW) {
        const char *of = (const char *)sqlite3_column_text(columns, 0);
        const char *name = (const char *)sqlite3_column_text(columns, 1);
        rc = is_there(db, name ? column : table, of, name, err);
        if (rc == 0 && name)
            rc = error_set(err, -EINVAL, "the table '%s' of '%s' lacks the column '%s': record again", of,
                           path, name);
        else if (rc == 0)
            rc = error_set(err, -EINVAL, "'%s' lacks the table '%s' that every recording has: record again",
                           path, of);
        else if (rc > 0)
            rc = 0;
    }
    if (!rc && step != SQLITE_DONE)
        rc = error_set(err, -ENOMEM, "out of memory while reading '%s'", path);
    sqlite3_finalize(table);
    sqlite3_finalize(column);
    return rc;
}

int tables_check(struct database *db, const char *path, struct error *err)
{
    sqlite3 *schema = schema_open(err);
    sqlite3_stmt *columns = NULL;
    int rc = schema ? 0 : -EIO;
    if (!rc &&
        sqlite3_prepare_v2(schema,
                           "SELECT t.name, NULL, -1 AS cid FROM sqlite_schema AS t WHERE t.type = 'table' "
                           "UNION ALL SELECT t.name, c.name, c.cid FROM sqlite_schema AS t, "
                           "pragma_table_info(t.name) AS c WHERE t.type = 'table' ORDER BY 1, 3",
                           -1, &columns, NULL))
        rc = error_set(err, -ENOMEM, "out of memory while reading '%s'", path);
    if (!rc)
        rc = columns_find(db, path, columns, err);
    sqlite3_finalize(columns);
    sqlite3_close(schema);
    return rc;
}
