/* See json.h.  SQLite's own JSON functions make each row, so quoting is SQLite's; this
 * file puts rows into arrays one by one, which keeps the order of the view's ORDER BY (inside
 * json_group_array() the order is not promised). */
#include "analysis/verdict/json.h"

#include "analysis/answer/answer.h"
#include "analysis/answer/answer_json.h"
#include "analysis/base/text.h"
#include "analysis/verdict/verdict.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns true for views that others build on and that tell no more: of single runs, with as many rows as the
 * recording, and of the intervals' probabilities. */
static bool view_is_inner(const char *name)
{
    static const char *const inner[] = {"counted_run",  "sampled_run",     "traced_run",
                                        "run_quantity", "quantity_median", "futex_call",
                                        "order_tail",   "ledger_time",     "timeline_stretch",
                                        "flame",        "ledger_sample",   "joint_statistic"};
    for (size_t i = 0; i < sizeof(inner) / sizeof(*inner); i++)
        if (!strcmp(name, inner[i]))
            return true;
    return false;
}

/* A document in the making. */
struct document {
    struct database *db;
    FILE *out;
    size_t rows_most; /* of each part */
    FILE *cut;        /* what was cut, as JSON; NULL: nothing is */
    const char *cut_comma;
};

/* Notes what was cut of a part. */
static void cut_note(struct document *d, const char *what, size_t rows)
{
    if (!d->cut || rows <= d->rows_most)
        return;
    fprintf(d->cut, "%s\n{\"what\": \"%s\", \"shown\": %zu, \"of\": %zu}", d->cut_comma, what, d->rows_most,
            rows);
    d->cut_comma = ",";
}

/* Writes the first column of each row, JSON made by SQLite, with what is between them.  `what` is the part's
 * name. */
static int rows_write(struct document *d, const char *what, const char *sql, struct error *err)
{
    sqlite3_stmt *statement = database_prepare(d->db, sql, err);
    int rc = statement ? 1 : -EIO;
    size_t rows = 0;
    while (rc == 1 && (rc = database_step(d->db, statement, err)) == 1) {
        if (rows++ >= d->rows_most)
            continue;
        const char *json = (const char *)sqlite3_column_text(statement, 0);
        char *row = json ? strdup(json) : NULL;
        if (row)
            fprintf(d->out, "%s\n%s", rows > 1 ? "," : "", text_clean(row));
        else
            rc = error_set(err, -ENOMEM, "out of memory");
        free(row);
    }
    sqlite3_finalize(statement);
    cut_note(d, what, rows);
    return rc;
}

/* Writes a table of facts as one object. */
static int facts_write(struct document *d, const char *table, struct error *err)
{
    char *sql = sqlite3_mprintf("SELECT json_quote(key) || ': ' || json_quote(value) FROM main.\"%w\" "
                                "WHERE key IS NOT NULL ORDER BY key",
                                table);
    fprintf(d->out, ",\n\"%s\": {", table);
    const int rc = sql ? rows_write(d, table, sql, err) : error_set(err, -ENOMEM, "out of memory");
    fputs("}", d->out);
    sqlite3_free(sql);
    return rc;
}

/* Returns the SELECT that makes an object of each of a view's rows, json_object('variant', "variant", ...),
 * to be freed with sqlite3_free().  Numbers that are no integers have 15 digits: how many SQLite itself
 * writes depends on its version.  What JSON has no number for is null.  NULL: it failed, with a sentence. */
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
        sqlite3_str_appendf(sql,
                            "%s'%q', CASE WHEN typeof(\"%w\") <> 'real' THEN \"%w\" WHEN abs(\"%w\") < 9e999 "
                            "THEN json(printf('%%!.15g', \"%w\")) END",
                            comma, name, name, name, name, name);
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

static int views_write(struct document *d, struct error *err)
{
    size_t count;
    const char *const *views = database_views(d->db, &count);
    int rc = 0;
    const char *comma = "";
    for (size_t i = 0; i < count && !rc; i++) {
        if (view_is_inner(views[i]))
            continue;
        char *sql = view_select(d->db, views[i], err);
        if (!sql)
            return -EIO;
        fprintf(d->out, "%s\n\"%s\": [", comma, views[i]);
        rc = rows_write(d, views[i], sql, err);
        fputs("]", d->out);
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

static int answer_write(struct database *db, FILE *out, struct error *err)
{
    struct answer *answer = NULL;
    const int rc = answer_make(db, &answer, err);
    if (!rc)
        answer_json_write(answer, out);
    answer_free(answer);
    return rc;
}

static int document_write(struct document *d, struct error *err)
{
    fputs("{\"format\": 1,\n\"answer\": ", d->out);
    int rc = answer_write(d->db, d->out, err);
    fputs(",\n\"verdict\": [", d->out);
    if (!rc)
        rc = verdict_write(d->db, d->out, err);
    fputs("],\n\"losses\": [", d->out);
    if (!rc)
        rc = rows_write(
            d, "losses",
            "SELECT json_object('reason', reason, 'count', count) FROM loss_total WHERE count > 0", err);
    fputs("]", d->out);
    if (!rc)
        rc = facts_write(d, "host", err);
    if (!rc)
        rc = facts_write(d, "study", err);
    fputs(",\n\"views\": {", d->out);
    if (!rc)
        rc = views_write(d, err);
    fputs("}", d->out);
    return rc;
}

/* Closes a stream of memory.  Returns `rc`, or -ENOMEM if there was none left. */
static int memory_close(FILE *memory, int rc, struct error *err)
{
    return fclose(memory) && !rc ? error_set(err, -ENOMEM, "out of memory") : rc;
}

/* `cuts`: what may be cut is told. */
static int json_make(struct database *db, size_t rows_most, bool cuts, char **out, struct error *err)
{
    char *text = NULL, *cut = NULL;
    size_t size = 0, cut_size = 0;
    struct document d = {.db = db, .rows_most = rows_most, .cut_comma = ""};
    *out = NULL;
    if (!(d.out = open_memstream(&text, &size)))
        return error_set(err, -errno, "out of memory");
    d.cut = cuts ? open_memstream(&cut, &cut_size) : NULL;
    int rc = cuts && !d.cut ? error_set(err, -ENOMEM, "out of memory") : document_write(&d, err);
    if (d.cut)
        rc = memory_close(d.cut, rc, err);
    if (!rc && cuts)
        fprintf(d.out, ",\n\"cut\": [%s]", cut);
    fputs("}\n", d.out);
    rc = memory_close(d.out, rc, err);
    free(cut);
    if (rc) {
        free(text);
        return rc;
    }
    *out = text;
    return 0;
}

int json_all(struct database *db, char **out, struct error *err)
{
    return json_make(db, SIZE_MAX, false, out, err);
}

int json_most(struct database *db, size_t rows_most, char **out, struct error *err)
{
    return json_make(db, rows_most, true, out, err);
}
