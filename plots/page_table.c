/* See page_table.h. */
#include "plots/page_table.h"

#include "analysis/base/number.h"
#include "plots/html.h"
#include "plots/query.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER = 32, SHORT = 24 /* a name of so many bytes stays on one line */ };
#define NOTHING "<span class=\"none\">–</span>"

struct row {
    FILE *out;
    sqlite3_stmt *values;
    const struct lineup *lineup;
    struct inks *inks;
    int at; /* the column of the query that is next */
};

static const char *text_take_next(struct row *r)
{
    return (const char *)sqlite3_column_text(r->values, r->at++);
}

static double number_take(struct row *r)
{
    return query_number(r->values, r->at++);
}

void page_table_swatch(FILE *out, struct inks *inks, const struct variant *v)
{
    fprintf(out, "<span class=\"swatch%s\" style=\"color:", v->is_static ? " filled" : "");
    inks_write(out, inks, v->ink.colour, INK_SHAPE);
    fputs("\"></span>", out);
}

void page_table_amount(FILE *out, double x)
{
    char buffer[NUMBER];
    if (x >= 99.5)
        fputs(number_count(buffer, (uint64_t)llround(x)), out);
    else
        fprintf(out, "%.*f", x >= 9.95 ? 1 : 2, x);
}

static void variant_write(struct row *r)
{
    const char *name = text_take_next(r);
    const struct variant *v = name ? lineup_find(r->lineup, name) : NULL;
    const char *label = v ? v->label : name;
    const bool is_short = label && strlen(label) <= SHORT;
    fputs(is_short ? "<span class=\"short\">" : "", r->out);
    if (v)
        page_table_swatch(r->out, r->inks, v);
    if (is_short)
        html_text(r->out, label);
    else
        html_name(r->out, label);
    fputs(is_short ? "</span>" : "", r->out);
}

static void words_write(struct row *r)
{
    const char *text = text_take_next(r);
    if (text)
        html_name(r->out, text);
    else
        fputs(NOTHING, r->out);
}

static void code_write(FILE *out, const char *name)
{
    fputs("<code>", out);
    html_name(out, name);
    fputs("</code>", out);
}

static void name_write(struct row *r)
{
    const char *name = text_take_next(r);
    if (name)
        code_write(r->out, name);
    else
        fputs(NOTHING, r->out);
}

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void lock_write(struct row *r)
{
    const char *name = text_take_next(r), *module = text_take_next(r);
    const double more = number_take(r);
    const char *evidence = text_take_next(r);
    code_write(r->out, name);
    if (module && name && !strstr(name, file_of(module))) {
        fputs(" in ", r->out);
        html_name(r->out, file_of(module));
    }
    if (more > 0)
        fprintf(r->out, "<small>, %.0f more</small>", more);
    if (evidence) {
        fputs("<small class=\"line\">", r->out);
        html_text(r->out, evidence);
        fputs("</small>", r->out);
    }
}

/* Writes a way of calls: both ends of one that is too long, as in a deep recursion. */
static void path_write(FILE *out, const char *path)
{
    enum { HEAD = 150, TAIL = 240 };
    const size_t length = strlen(path);
    if (length <= HEAD + TAIL + 20) {
        html_name(out, path);
        return;
    }
    char *head = strndup(path, HEAD);
    html_name(out, head);
    fputs(" … ", out);
    html_name(out, path + length - TAIL);
    free(head);
}

static void function_write(struct row *r)
{
    const char *function = text_take_next(r), *path = text_take_next(r), *evidence = text_take_next(r);
    if (function)
        code_write(r->out, function);
    else
        fputs("can’t be told", r->out);
    fputs("<small class=\"line\"><code>", r->out);
    path_write(r->out, path ? path : "");
    fputs("</code> (", r->out);
    html_text(r->out, evidence);
    fputs(")</small>", r->out);
}

static void program_write(struct row *r)
{
    const char *program = text_take_next(r), *lock = text_take_next(r), *allocator = text_take_next(r);
    if (program)
        code_write(r->out, program);
    else
        fputs("not known", r->out);
    if (!lock)
        return;
    fputs("<small class=\"line\">", r->out);
    code_write(r->out, lock);
    fputs(" (", r->out);
    html_text(r->out, allocator);
    fputs(")</small>", r->out);
}

/* Write a number in its way; none of them gets NAN. */
static void count_show(FILE *out, double x)
{
    char buffer[NUMBER];
    fputs(number_count(buffer, x > 0 ? (uint64_t)llround(x) : 0), out);
}

static void ms_show(FILE *out, double ns)
{
    page_table_amount(out, ns / 1e6);
}

static void ratio_show(FILE *out, double ratio)
{
    char buffer[NUMBER];
    fputs(number_ratio(buffer, ratio), out);
}

static void rate_show(FILE *out, double rate)
{
    char buffer[NUMBER];
    fputs(number_rate(buffer, rate), out);
}

static void mib_show(FILE *out, double bytes)
{
    page_table_amount(out, bytes / 1048576);
}

static void ns_show(FILE *out, double ns)
{
    char buffer[NUMBER];
    fputs(number_ns(buffer, ns > 0 ? (uint64_t)llround(ns) : 0), out);
}

static void share_show(FILE *out, double share)
{
    char buffer[NUMBER];
    fputs(number_share(buffer, share), out);
}

static const struct {
    void (*words)(struct row *r);            /* of words */
    void (*number)(FILE *out, double value); /* of numbers: one, or as many as `ends` */
    int ends;
} cells[] = {
    [PAGE_VARIANT] = {variant_write, NULL, 0},
    [PAGE_WORDS] = {words_write, NULL, 0},
    [PAGE_NAME] = {name_write, NULL, 0},
    [PAGE_LOCK] = {lock_write, NULL, 0},
    [PAGE_FUNCTION] = {function_write, NULL, 0},
    [PAGE_PROGRAM] = {program_write, NULL, 0},
    [PAGE_COUNT] = {NULL, count_show, 1},
    [PAGE_MS] = {NULL, ms_show, 1},
    [PAGE_MS_RANGE] = {NULL, ms_show, 2},
    [PAGE_RATIO] = {NULL, ratio_show, 1},
    [PAGE_RATIO_RANGE] = {NULL, ratio_show, 2},
    [PAGE_RATE] = {NULL, rate_show, 1},
    [PAGE_MIB] = {NULL, mib_show, 1},
    [PAGE_NS] = {NULL, ns_show, 1},
    [PAGE_SHARE] = {NULL, share_show, 1},
};

static void number_write(struct row *r, const struct page_column *column)
{
    const double first = number_take(r), last = cells[column->cell].ends > 1 ? number_take(r) : first;
    fputs("<td data-label=\"", r->out);
    html_text(r->out, column->heading);
    if (isnan(first) || isnan(last)) {
        fputs("\">" NOTHING "</td>", r->out);
        return;
    }
    fprintf(r->out, "\" data-value=\"%.9g\">", first);
    cells[column->cell].number(r->out, first);
    if (cells[column->cell].ends > 1) {
        fputs("–", r->out);
        cells[column->cell].number(r->out, last);
    }
    fputs("</td>", r->out);
}

static void cell_write(struct row *r, const struct page_column *column, bool is_first)
{
    if (!cells[column->cell].words) {
        number_write(r, column);
        return;
    }
    fputs(is_first ? "<th scope=\"row\"" : "<td class=\"words\"", r->out);
    fputs(" data-label=\"", r->out);
    html_text(r->out, column->heading);
    fputs("\">", r->out);
    cells[column->cell].words(r);
    fputs(is_first ? "</th>" : "</td>", r->out);
}

/* Writes why there is no more of a row; of a variant without anything the line-up knows better. */
static void why_write(struct row *r, const char *why)
{
    const char *name = (const char *)sqlite3_column_text(r->values, 1);
    const struct variant *v = name ? lineup_find(r->lineup, name) : NULL;
    fputs(v && v->missing ? "not measured: " : "", r->out);
    html_prose(r->out, v && v->missing ? v->missing : why);
}

static void row_write(struct row *r, const struct page_table *table)
{
    const char *why = (const char *)sqlite3_column_text(r->values, 0);
    size_t columns = 0;
    while (columns < sizeof table->columns / sizeof *table->columns && table->columns[columns].heading)
        columns++;
    r->at = 1;
    fputs("<tr>", r->out);
    for (size_t i = 0; i < (why ? 1 : columns); i++)
        cell_write(r, &table->columns[i], i == 0);
    if (why) {
        fprintf(r->out, "<td class=\"words none\" colspan=\"%zu\">", columns - 1);
        why_write(r, why);
        fputs("</td>", r->out);
    }
    fputs("</tr>\n", r->out);
}

void page_table_open(FILE *out, const char *id, const char *title, size_t number)
{
    fprintf(out, "<div class=\"table\" id=\"%s\"><table>\n<caption><b>Table %zu. ", id, number);
    html_text(out, title);
    fputs(".</b> ", out);
}

void page_table_close(FILE *out)
{
    fputs("</tbody>\n</table></div>\n", out);
}

static void head_write(FILE *out, const struct page_table *table)
{
    fputs("<thead><tr>", out);
    for (const struct page_column *c = table->columns; c->heading; c++) {
        fprintf(out, "<th scope=\"col\"%s>", cells[c->cell].words ? " class=\"words\"" : "");
        html_text(out, c->heading);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
}

static void caption_write(FILE *out, const struct page_table *table, const struct lineup *lineup, size_t rows)
{
    char threads[64] = "";
    if (lineup->subject_threads >= 0)
        snprintf(threads, sizeof threads, " with %" PRId64 " thread%s", lineup->subject_threads,
                 lineup->subject_threads == 1 ? "" : "s");
    const char *at = strstr(table->caption, "%s");
    if (at)
        fprintf(out, "%.*s%s%s", (int)(at - table->caption), table->caption, threads, at + 2);
    else
        fputs(table->caption, out);
    if (rows > PAGE_ROWS)
        fprintf(out, " The first %d of %zu.", PAGE_ROWS, rows);
    fputs("</caption>\n", out);
}

/* Writes the rows into a text of their own, since the caption before them tells how many there are. */
static int rows_write(struct row *r, struct database *db, const struct page_table *table, size_t *rows,
                      struct error *err)
{
    int rc;
    *rows = 0;
    while ((rc = database_step(db, r->values, err)) == 1)
        if (++*rows <= PAGE_ROWS)
            row_write(r, table);
    return rc;
}

int page_table_add(struct page_parts *parts, struct database *db, const struct lineup *lineup,
                   const struct page_table *table, struct error *err)
{
    struct text body;
    struct row r = {.lineup = lineup, .inks = &parts->inks};
    size_t rows;
    if (text_open(&body) < 0)
        return -ENOMEM;
    r.out = body.out;
    int rc = query_open(db, table->sql, NULL, lineup->subject_threads, &r.values, err);
    if (rc == 0)
        rc = rows_write(&r, db, table, &rows, err);
    sqlite3_finalize(r.values);
    char *html = text_take(&body);
    FILE *out = rc == 0 && html && rows > 0 ? page_parts_begin(parts) : NULL;
    if (out) {
        page_table_open(out, table->id, table->title, ++parts->tables);
        caption_write(out, table, lineup, rows);
        head_write(out, table);
        fputs(html, out);
        page_table_close(out);
        page_parts_end(parts, table->id, table->title);
    }
    const bool failed = rc == 0 && !html;
    free(html);
    return failed ? -ENOMEM : rc;
}
