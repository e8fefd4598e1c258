/* See json.h.  SQLite's own JSON functions make each row, so quoting and number formats are SQLite's; this
 * file puts rows into arrays one by one, which keeps the order of the view's ORDER BY (inside
 * json_group_array() the order is not promised). */
#include "analysis/verdict/json.h"

#include "analysis/base/text.h"
#include "analysis/verdict/verdict.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns true for views of single runs that other views build on: they have as many rows as the recording,
 * and nothing that is not in it. */
static bool view_is_inner(const char *name)
{
    static const char *const inner[] = {"counted_run",      "sampled_run", "traced_run",    "run_quantity",
                                        "quantity_median",  "futex_call",  "ledger_sample", "ledger_time",
                                        "timeline_stretch", "flame"};
    for (size_t i = 0; i < sizeof(inner) / sizeof(*inner); i++)
        if (!strcmp(name, inner[i]))
            return true;
    return false;
}

/* Writes the first column of each row, JSON made by SQLite, separated by commas. */
static int rows_write(struct database *db, const char *sql, FILE *out, struct error *err)
{
    sqlite3_stmt *statement = database_prepare(db, sql, err);
    int rc = statement ? 1 : -EIO;
    const char *comma = "";
    while (rc == 1 && (rc = database_step(db, statement, err)) == 1) {
        const char *json = (const char *)sqlite3_column_text(statement, 0);
        char *row = json ? strdup(json) : NULL;
        if (row)
            fprintf(out, "%s\n%s", comma, text_clean(row));
        else
            rc = error_set(err, -ENOMEM, "out of memory");
        free(row);
        comma = ",";
    }
    sqlite3_finalize(statement);
    return rc;
}

/* Returns the SELECT that makes an object of each of a view's rows, json_object('variant', "variant", ...),
 * to be freed with sqlite3_free().  NULL: it failed, with a sentence. */
static char *view_select(struct database *db, const char *view, struct error *err)
{
    sqlite3_stmt *columns =
        database_prepare(db, "SELECT name FROM pragma_table_info(?, 'temp') ORDER BY cid", err);
    if (!columns)
        return NULL;
    sqlite3_bind_text(columns, 1, view, -1, SQLITE_STATIC);
    sqlite3_str *sql = sqlite3_str_new(database_connection(db));
    sqlite3_str_appendall(sql, "SELECT json_object(");
    int rc;
    for (const char *comma = ""; (rc = database_step(db, columns, err)) == 1; comma = ", ") {
        const char *name = (const char *)sqlite3_column_text(columns, 0);
        sqlite3_str_appendf(sql, "%s'%q', \"%w\"", comma, name, name);
    }
    sqlite3_finalize(columns);
    sqlite3_str_appendf(sql, ") FROM temp.\"%w\"", view);
    char *text = sqlite3_str_finish(sql);
    if (rc < 0 || !text) {
        sqlite3_free(text);
        error_set(err, -ENOMEM, "out of memory");
        return NULL;
    }
    return text;
}

static int views_write(struct database *db, FILE *out, struct error *err)
{
    size_t count;
    const char *const *views = database_views(db, &count);
    int rc = 0;
    const char *comma = "";
    for (size_t i = 0; i < count && !rc; i++) {
        if (view_is_inner(views[i]))
            continue;
        char *sql = view_select(db, views[i], err);
        if (!sql)
            return -EIO;
        fprintf(out, "%s\n\"%s\": [", comma, views[i]);
        rc = rows_write(db, sql, out, err);
        fputs("]", out);
        sqlite3_free(sql);
        comma = ",";
    }
    return rc;
}

/* Writes a sentence as an object made by SQLite, so that there is one quoting only. */
static int sentence_write(struct database *db, const struct sentence *s, const char *comma, FILE *out,
                          struct error *err)
{
    sqlite3_stmt *statement = database_prepare(db, "SELECT json_object('topic', ?1, 'text', ?2)", err);
    if (!statement)
        return -EIO;
    sqlite3_bind_text(statement, 1, s->topic, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, s->text, -1, SQLITE_STATIC);
    int rc = database_step(db, statement, err);
    if (rc == 1)
        fprintf(out, "%s\n%s", comma, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return rc < 0 ? rc : 0;
}

static int verdict_write(struct database *db, FILE *out, struct error *err)
{
    struct verdict *verdict = NULL;
    int rc = verdict_make(db, &verdict, err);
    for (size_t i = 0; !rc && i < verdict->count; i++)
        rc = sentence_write(db, &verdict->sentences[i], i ? "," : "", out, err);
    verdict_free(verdict);
    return rc;
}

static int document_write(struct database *db, FILE *out, struct error *err)
{
    fputs("{\"format\": 1,\n\"verdict\": [", out);
    int rc = verdict_write(db, out, err);
    fputs("],\n\"losses\": [", out);
    if (!rc)
        rc = rows_write(
            db, "SELECT json_object('reason', reason, 'count', count) FROM loss_total WHERE count > 0", out,
            err);
    fputs("],\n\"host\": ", out);
    if (!rc)
        rc = rows_write(
            db, "SELECT json_group_object(key, value) FROM (SELECT * FROM main.host ORDER BY key)", out, err);
    fputs(",\n\"study\": ", out);
    if (!rc)
        rc = rows_write(db,
                        "SELECT json_group_object(key, value) FROM (SELECT * FROM main.study ORDER BY key)",
                        out, err);
    fputs(",\n\"views\": {", out);
    if (!rc)
        rc = views_write(db, out, err);
    fputs("}}\n", out);
    return rc;
}

int json_all(struct database *db, char **out, struct error *err)
{
    char *text = NULL;
    size_t size = 0;
    *out = NULL;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return error_set(err, -errno, "out of memory");
    int rc = document_write(db, memory, err);
    if (fclose(memory) && !rc)
        rc = error_set(err, -ENOMEM, "out of memory");
    if (rc) {
        free(text);
        return rc;
    }
    *out = text;
    return 0;
}
