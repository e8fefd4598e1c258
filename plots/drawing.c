/* What the figures have in common; see drawing.h. */
#include "plots/drawing.h"

#include "analysis/base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int drawing_row(struct drawing *d, sqlite3_stmt *row, struct error *err)
{
    const int rc = d->rows > ROWS_DRAWN ? 0 : database_step(d->db, row, err);
    d->rows += rc == 1;
    return rc == 1 && d->rows > ROWS_DRAWN ? 0 : rc;
}

void drawing_define_number(struct drawing *d, const char *name, double value)
{
    fprintf(d->definitions, "%s = %.9g\n", name, value);
}

void drawing_define_text(struct drawing *d, const char *name, const char *value)
{
    fprintf(d->definitions, "%s = ", name);
    text_gnuplot(d->definitions, value);
    fputc('\n', d->definitions);
}

void drawing_define_array(struct drawing *d, const char *name, size_t count)
{
    fprintf(d->definitions, "array %s[%zu]\n", name, count ? count : 1); /* gnuplot has no empty arrays */
}

void drawing_define_item(struct drawing *d, const char *name, size_t index, double value)
{
    fprintf(d->definitions, "%s[%zu] = %.9g\n", name, index + 1, value);
}

void drawing_define_item_text(struct drawing *d, const char *name, size_t index, const char *value)
{
    fprintf(d->definitions, "%s[%zu] = ", name, index + 1);
    text_gnuplot(d->definitions, value);
    fputc('\n', d->definitions);
}

void drawing_data_header(struct drawing *d, const char *columns)
{
    fprintf(d->data, "%s\n", columns);
}

void drawing_data_text(struct drawing *d, const char *value, bool last)
{
    if (value)
        text_tsv(d->data, value);
    fputc(last ? '\n' : '\t', d->data);
}

void drawing_data_number(struct drawing *d, double value, bool last)
{
    if (!isnan(value))
        fprintf(d->data, "%.9g", value);
    fputc(last ? '\n' : '\t', d->data);
}

void drawing_data_variant(struct drawing *d, const struct variant *v)
{
    drawing_data_text(d, v->name ? v->name : v->command, false);
}

void drawing_data_threads(struct drawing *d, int64_t threads)
{
    if (threads >= 0)
        fprintf(d->data, "%" PRId64, threads);
    fputc('\t', d->data);
}

int drawing_refuse(struct drawing *d, const char *why)
{
    free(d->undrawable);
    d->undrawable = strdup(why);
    return d->undrawable ? 0 : -ENOMEM;
}

void drawing_miss(struct drawing *d, const struct variant *v, int64_t threads, const char *why)
{
    FILE *out = d->missing.out;
    if (d->missing_count++ >= MISSING_NAMED)
        return;
    fprintf(out, "%s%s", d->missing_count > 1 ? "; " : "", v->label);
    if (threads >= -1) {
        fputs(" with ", out);
        drawing_caption_threads(out, threads);
    }
    fprintf(out, " (%s)", why);
}

int drawing_why(struct drawing *d, const struct variant *v, int64_t threads, const char *kind, char **why,
                struct error *err)
{
    *why = NULL;
    if (v->missing)
        return (*why = strdup(v->missing)) ? 0 : -ENOMEM;
    const int rc = query_text(d->db,
                              !strcmp(kind, "traced") ? "SELECT reason FROM failed_run WHERE variant IS ?1 "
                                                        "AND threads IS ?2 AND probes <> 'none' LIMIT 1"
                                                      : "SELECT reason FROM failed_run WHERE variant IS ?1 "
                                                        "AND threads IS ?2 AND probes = 'none' LIMIT 1",
                              v->name, threads, why, err);
    if (rc < 0 || *why)
        return rc;
    return asprintf(why, "no %s run", kind) < 0 ? -ENOMEM : 0;
}

double drawing_rows_define(struct drawing *d, double limit)
{
    double widest = 0;
    drawing_define_number(d, "N", (double)d->lineup->count);
    drawing_define_array(d, "NAME", d->lineup->count);
    drawing_define_array(d, "COLOUR", d->lineup->count);
    drawing_define_array(d, "SOLID", d->lineup->count);
    for (size_t i = 0; i < d->lineup->count; i++) {
        const struct variant *v = &d->lineup->variants[i];
        char *label = text_fit(v->label, limit / LABEL_CM);
        const double width = label ? text_width(label) * LABEL_CM : 0;
        widest = width > widest ? width : widest;
        drawing_define_item_text(d, "NAME", i, label ? label : "");
        drawing_define_item(d, "COLOUR", i, v->ink.colour);
        drawing_define_item(d, "SOLID", i, v->is_static);
        free(label);
    }
    return widest + 0.25; /* the axis's distance */
}

void drawing_panels_define(struct drawing *d, size_t count, double height)
{
    d->height = height;
    drawing_define_number(d, "H", height);
    drawing_define_number(d, "PANELS", (double)count);
    drawing_define_array(d, "PL", count);
    drawing_define_array(d, "PR", count);
    drawing_define_array(d, "PB", count);
    drawing_define_array(d, "PT", count);
}

void drawing_panel_define(struct drawing *d, size_t index, double left, double right, double top,
                          double bottom, double height)
{
    drawing_define_item(d, "PL", index, left / FIGURE_WIDTH);
    drawing_define_item(d, "PR", index, right / FIGURE_WIDTH);
    drawing_define_item(d, "PB", index, 1 - bottom / height);
    drawing_define_item(d, "PT", index, 1 - top / height);
}

int notes_add(struct drawing *d, size_t panel, size_t row, double width, const char *why)
{
    struct note *grown = realloc(d->notes, (d->note_count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    d->notes = grown;
    struct note *note = &grown[d->note_count];
    *note = (struct note){panel, row, NULL, width};
    if (asprintf(&note->text, "not measured: %s", why) < 0)
        return -ENOMEM;
    d->note_count++;
    return 0;
}

/* Returns the note's text for the figure, malloc'd.  If the reason has no room the bare fact must do; the
 * caption has the reason. */
static char *note_fit(const struct note *note)
{
    static const char fact[] = "not measured";
    const double room = note->width / (LABEL_CM * 7 / 8); /* notes are set in 7 pt */
    return text_fit(text_width(note->text) <= 1.25 * room ? note->text : fact, room);
}

void notes_define(struct drawing *d)
{
    drawing_define_number(d, "NOTES", (double)d->note_count);
    drawing_define_array(d, "NOTE_PANEL", d->note_count);
    drawing_define_array(d, "NOTE_ROW", d->note_count);
    drawing_define_array(d, "NOTE_TEXT", d->note_count);
    for (size_t i = 0; i < d->note_count; i++) {
        char *text = note_fit(&d->notes[i]);
        drawing_define_item(d, "NOTE_PANEL", i, (double)d->notes[i].panel + 1);
        drawing_define_item(d, "NOTE_ROW", i, (double)d->notes[i].row + 1);
        drawing_define_item_text(d, "NOTE_TEXT", i, text ? text : "not measured");
        free(text);
    }
}

void drawing_caption_threads(FILE *out, int64_t threads)
{
    if (threads < 0)
        fputs("its own number of threads", out);
    else if (threads == 1)
        fputs("one thread", out);
    else
        fprintf(out, "%" PRId64 " threads", threads);
}

void drawing_caption_note(struct drawing *d, const struct median *m)
{
    const bool first = d->runs_most == 0;
    if (first || m->runs < d->runs_least)
        d->runs_least = m->runs;
    if (m->runs > d->runs_most)
        d->runs_most = m->runs;
    if (m->runs > 1 && !isnan(m->coverage) && (d->coverage_least <= 0 || m->coverage < d->coverage_least))
        d->coverage_least = m->coverage;
}

void drawing_caption_interval(struct drawing *d)
{
    FILE *out = d->caption.out;
    if (d->runs_most < 2) {
        fputs("single runs, so without intervals", out);
        return;
    }
    fputs("medians of ", out);
    if (d->runs_least < d->runs_most)
        fprintf(out, "%" PRId64 " to ", d->runs_least);
    fprintf(out, "%" PRId64 " runs with their ", d->runs_most);
    if (d->runs_least == d->runs_most) {
        drawing_say_share(out, d->coverage_least);
        fputs(" intervals", out);
    } else {
        fputs("intervals (", out);
        drawing_say_share(out, d->coverage_least);
        fprintf(out, " or more%s)", d->runs_least == 1 ? "; none for a single run" : "");
    }
}

enum { NUMBER = 32 };

void drawing_say_count(FILE *out, double n)
{
    char buffer[NUMBER];
    fputs(number_count(buffer, n > 0 ? (uint64_t)llround(n) : 0), out);
}

void drawing_say_ratio(FILE *out, double ratio)
{
    char buffer[NUMBER];
    fputs(number_ratio(buffer, ratio), out);
}

void drawing_say_share(FILE *out, double share)
{
    char buffer[NUMBER];
    fputs(number_share(buffer, share), out);
}

void drawing_say_rate(FILE *out, double per_password)
{
    char buffer[NUMBER];
    fputs(number_rate(buffer, per_password), out);
}

void drawing_say_ns(FILE *out, double ns)
{
    char buffer[NUMBER];
    fputs(number_ns(buffer, ns > 0 ? (uint64_t)llround(ns) : 0), out);
}

void drawing_say_bytes(FILE *out, double bytes)
{
    char buffer[NUMBER];
    fputs(number_bytes(buffer, bytes > 0 ? (uint64_t)llround(bytes) : 0), out);
}
