/* Figure: where does the subject's extra core time over the baseline go (view slowdown)?  A waterfall at the
 * verdict's thread count, and smaller ones of the same states at the others.  States that matter at no thread
 * count are one bar, named in the caption; what is unexplained is the last bar and never part of another. */
#include "plots/figures.h"
#include "plots/place.h"
#include "plots/states.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STATES = 40, SHOWN = 8, PANELS = 12, LINES = 5 };

#define MAIN_CM  4.2
#define SMALL_CM 1.65
#define GAP_CM   0.6
#define NAMES_CM 1.45
#define LEFT_CM  1.5

struct bar {
    char *state, *label;
    enum group group;
    int position;
    double weight;        /* the largest part of any panel's difference */
    double delta[PANELS]; /* ms */
    bool shown;
};

struct panel {
    int64_t threads;
    double baseline, subject; /* core time, ms */
    double pooled, unexplained;
};

struct waterfall {
    struct bar bars[STATES];
    size_t count, shown;
    struct panel panels[PANELS];
    size_t panel_count;
    double top, bottom, at; /* of the panel being written */
};

static struct bar *bar_find(struct waterfall *w, const char *state)
{
    for (size_t i = 0; i < w->count; i++)
        if (!strcmp(w->bars[i].state, state))
            return &w->bars[i];
    return NULL;
}

/* Takes a row of: state, label, kind, position, ns, baseline_ns. */
static int state_add(struct waterfall *w, struct panel *p, sqlite3_stmt *row)
{
    const char *state = (const char *)sqlite3_column_text(row, 0);
    const char *label = (const char *)sqlite3_column_text(row, 1);
    const double ns = query_number(row, 4), baseline = query_number(row, 5);
    const size_t panel = (size_t)(p - w->panels);
    if (!state || isnan(ns) || isnan(baseline))
        return 0;
    p->subject += ns / 1e6;
    p->baseline += baseline / 1e6;
    if (!strcmp(state, "unexplained")) {
        p->unexplained = (ns - baseline) / 1e6;
        return 0;
    }
    struct bar *b = bar_find(w, state);
    if (!b && w->count < STATES) {
        b = &w->bars[w->count++];
        *b = (struct bar){strdup(state),
                          strdup(label ? label : state),
                          group_find(state, (const char *)sqlite3_column_text(row, 2)),
                          sqlite3_column_int(row, 3),
                          0,
                          {0},
                          false};
    }
    if (!b || !b->state || !b->label)
        return -ENOMEM;
    b->delta[panel] = (ns - baseline) / 1e6;
    return 0;
}

static int panel_read(struct drawing *d, struct waterfall *w, int64_t threads, struct error *err)
{
    struct panel *p = &w->panels[w->panel_count];
    sqlite3_stmt *row = NULL;
    bool any = false;
    *p = (struct panel){.threads = threads};
    int rc = query_open(d->db,
                        "SELECT state, label, kind, position, ns, baseline_ns FROM slowdown "
                        "WHERE variant IS ?1 AND threads IS ?2 ORDER BY position",
                        d->lineup->subject, threads, &row, err);
    while (rc == 0 && (rc = drawing_row(d, row, err)) == 1) {
        any = true;
        rc = state_add(w, p, row);
    }
    sqlite3_finalize(row);
    w->panel_count += any;
    return rc;
}

static int bar_order(const void *a, const void *b)
{
    return ((const struct bar *)a)->position - ((const struct bar *)b)->position;
}

/* Gives bars of their own to the states with the largest parts, those at the verdict's thread count above
 * all. */
static void bars_choose(struct waterfall *w)
{
    for (size_t i = 0; i < w->count; i++)
        for (size_t p = 0; p < w->panel_count; p++) {
            const double whole = fabs(w->panels[p].subject - w->panels[p].baseline);
            const double part = whole > 0 ? fabs(w->bars[i].delta[p]) / whole : 0;
            w->bars[i].weight = fmax(w->bars[i].weight, p == 0 ? part : fmin(part, 1) / 4);
        }
    for (; w->shown < SHOWN; w->shown++) {
        struct bar *most = NULL;
        for (size_t i = 0; i < w->count; i++)
            if (!w->bars[i].shown && w->bars[i].weight >= 0.01 && (!most || w->bars[i].weight > most->weight))
                most = &w->bars[i];
        if (!most)
            break;
        most->shown = true;
    }
    for (size_t i = 0; i < w->count; i++)
        for (size_t p = 0; p < w->panel_count && !w->bars[i].shown; p++)
            w->panels[p].pooled += w->bars[i].delta[p];
    qsort(w->bars, w->count, sizeof *w->bars, bar_order);
}

enum paint { PAINT_BASELINE = -1, PAINT_SUBJECT = -2 }; /* else a group */

static void bar_write(struct drawing *d, struct waterfall *w, size_t panel, size_t place, const char *state,
                      int paint, double delta)
{
    const bool whole = paint < 0;
    const double from = whole ? 0 : w->at, to = whole ? delta : w->at + delta;
    w->at = to;
    w->top = fmax(w->top, fmax(from, to));
    w->bottom = fmin(w->bottom, fmin(from, to));
    drawing_data_number(d, (double)panel + 1, false);
    drawing_data_threads(d, w->panels[panel].threads);
    drawing_data_number(d, (double)place, false);
    drawing_data_text(d, state, false);
    drawing_data_number(d, paint, false);
    drawing_data_number(d, from, false);
    drawing_data_number(d, to, false);
    drawing_data_number(d, delta, true);
}

static void panel_write(struct drawing *d, struct waterfall *w, size_t panel)
{
    const struct panel *p = &w->panels[panel];
    size_t place = 0;
    w->top = w->bottom = w->at = 0;
    bar_write(d, w, panel, place++, d->lineup->baseline, PAINT_BASELINE, p->baseline);
    for (size_t i = 0; i < w->count; i++)
        if (w->bars[i].shown)
            bar_write(d, w, panel, place++, w->bars[i].state, (int)w->bars[i].group, w->bars[i].delta[panel]);
    if (w->shown < w->count)
        bar_write(d, w, panel, place++, "others", GROUP_REST, p->pooled);
    bar_write(d, w, panel, place++, "unexplained", GROUP_REST, p->unexplained);
    bar_write(d, w, panel, place++, d->lineup->subject, PAINT_SUBJECT, p->subject);
    const double room = (panel ? 0.4 : 0.2) * (w->top - w->bottom); /* for numbers above the bars */
    drawing_define_item(d, "TOP", panel, w->top + room);
    drawing_define_item(d, "BOTTOM", panel, w->bottom < 0 ? w->bottom - room / 4 : 0);
    drawing_define_item(d, "STEP", panel, place_step(w->top, panel ? 2 : 5));
}

/* Puts words into lines no wider than the bar's place.  A line is an item of its own, for names are shown as
 * they are and can't have a line break in them. */
static void name_define(struct drawing *d, size_t place, const char *label, double width)
{
    char *copied = strdup(label), *rest = copied, name[80] = "";
    size_t line = 0;
    for (char *word; line < LINES && (word = strsep(&rest, " "));) {
        char longer[sizeof name];
        snprintf(longer, sizeof longer, "%s%s%s", name, *name ? " " : "", word);
        if (*name && text_width(longer) > 1.08 * width) {
            drawing_define_item_text(d, "LABEL", place * LINES + line++, name);
            snprintf(longer, sizeof longer, "%s", word);
        }
        char *fitted = text_fit(longer, 1.25 * width);
        snprintf(name, sizeof name, "%s", fitted ? fitted : longer);
        free(fitted);
    }
    while (line < LINES) {
        drawing_define_item_text(d, "LABEL", place * LINES + line++, name);
        *name = '\0';
    }
    free(copied);
}

static void names_define(struct drawing *d, const struct waterfall *w)
{
    const size_t places = 3 + w->shown + (w->shown < w->count);
    const double width = (FIGURE_WIDTH - LEFT_CM - 0.1) / (double)places / (6.5 * POINT_CM) - 0.1;
    const struct variant *b = lineup_find(d->lineup, d->lineup->baseline);
    const struct variant *s = lineup_find(d->lineup, d->lineup->subject);
    size_t place = 0;
    drawing_define_number(d, "BARS", (double)places);
    drawing_define_array(d, "LABEL", places * LINES);
    drawing_define_number(d, "LINES", LINES);
    name_define(d, place++, b ? b->label : d->lineup->baseline, width);
    for (size_t i = 0; i < w->count; i++)
        if (w->bars[i].shown)
            name_define(d, place++, w->bars[i].label, width);
    if (w->shown < w->count)
        name_define(d, place++, "others", width);
    name_define(d, place++, "unexplained", width);
    name_define(d, place++, s ? s->label : d->lineup->subject, width);
    drawing_define_number(d, "BASELINE", b ? b->ink.colour : 0);
    drawing_define_number(d, "SUBJECT", s ? s->ink.colour : 0);
}

static void panels_place(struct drawing *d, const struct waterfall *w)
{
    const double rest = (double)(w->panel_count - 1);
    const double height = 0.5 + MAIN_CM + NAMES_CM + rest * (SMALL_CM + GAP_CM) + 0.15;
    double top = 0.5;
    drawing_panels_define(d, w->panel_count, height);
    drawing_define_array(d, "TITLE", w->panel_count);
    for (size_t p = 0; p < w->panel_count; p++) {
        const double tall = p ? SMALL_CM : MAIN_CM;
        char title[48];
        snprintf(title, sizeof title, w->panels[p].threads == 1 ? "%lld thread" : "%lld threads",
                 (long long)w->panels[p].threads);
        drawing_panel_define(d, p, LEFT_CM, FIGURE_WIDTH - 0.1, top, top + tall, height);
        drawing_define_item_text(d, "TITLE", p, w->panels[p].threads < 0 ? "" : title);
        top += tall + (p ? GAP_CM : NAMES_CM + GAP_CM);
    }
}

static void pooled_say(struct drawing *d, const struct waterfall *w)
{
    FILE *out = d->caption.out;
    size_t said = 0;
    for (size_t i = 0; i < w->count; i++)
        if (!w->bars[i].shown)
            fprintf(out, "%s%s", said++ ? ", " : " Others: ", w->bars[i].label);
    if (said)
        fputc('.', out);
}

static void caption_write(struct drawing *d, const struct waterfall *w)
{
    const struct panel *p = &w->panels[0];
    const double whole = p->subject - p->baseline;
    FILE *out = d->caption.out;
    fputs("Core time, wall time × cores, from ", out);
    fprintf(out, "%s to %s with ", d->lineup->baseline, d->lineup->subject);
    drawing_caption_threads(out, p->threads);
    fprintf(out, fabs(whole) < 100 ? ": %+.2f ms, of which " : ": %+.0f ms, of which ", whole);
    drawing_say_share(out, whole != 0 ? fabs(p->unexplained / whole) : 0);
    fputs(" unexplained", out);
    fputs(p->unexplained < -0.005 * whole && whole > 0 ? " (counted twice)." : ".", out);
    if (w->panel_count > 1)
        fputs(" Below, the same at the other thread counts, each on its own scale.", out);
    pooled_say(d, w);
}

static int waterfall_read(struct drawing *d, struct waterfall *w, struct error *err)
{
    const struct lineup *l = d->lineup;
    int rc = panel_read(d, w, l->subject_threads, err);
    for (size_t i = 0; rc == 0 && w->panel_count > 0 && i < l->thread_count; i++)
        if (l->threads[i] != l->subject_threads && w->panel_count < PANELS)
            rc = panel_read(d, w, l->threads[i], err);
    return rc;
}

static void waterfall_write(struct drawing *d, struct waterfall *w)
{
    bars_choose(w);
    drawing_data_header(d, "panel\tthreads\tplace\tstate\tpaint\tfrom_ms\tto_ms\tdifference_ms");
    panels_place(d, w);
    names_define(d, w);
    drawing_define_array(d, "TOP", w->panel_count);
    drawing_define_array(d, "BOTTOM", w->panel_count);
    drawing_define_array(d, "STEP", w->panel_count);
    for (size_t p = 0; p < w->panel_count; p++)
        panel_write(d, w, p);
    caption_write(d, w);
}

int figure_waterfall(struct drawing *d, struct error *err)
{
    const struct lineup *l = d->lineup;
    struct waterfall w = {.count = 0};
    if (!l->subject || !l->baseline || !strcmp(l->subject, l->baseline))
        return drawing_refuse(d, "there are no two variants to compare");
    int rc = waterfall_read(d, &w, err);
    if (rc == 0 && w.panel_count == 0)
        rc = drawing_refuse(d,
                            "no ledger runs of both variants at the thread count that the verdict speaks of");
    else if (rc == 0)
        waterfall_write(d, &w);
    for (size_t i = 0; i < w.count; i++) {
        free(w.bars[i].state);
        free(w.bars[i].label);
    }
    return rc;
}
