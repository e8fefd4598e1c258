/* Figures: where are the samples (view `flame`)?  A flame graph per variant, two to a figure: a box for each
 * function under its callers, as wide as its share of the samples.  What is too narrow to be seen is gathered
 * at its caller's right end, so that every box but the innermost stands for all that it is wide. */
#include "plots/figures.h"

#include "analysis/base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEGEND_CM 0.6
#define TITLE_CM  0.55
#define LEVEL_CM  0.34
#define GAP_CM    0.15
#define LETTER_CM (6 * POINT_CM)
#define LEAST     0.005 /* a smaller part of the samples has no box: it would be 0.08 cm */

enum { PER_FIGURE = 2, LEVELS_MOST = 48, DEPTH_MOST = 1024 };

/* In the order of FLAME[] in style.gp. */
enum paint { PROGRAM, ALLOCATOR, LOCK, FUTEX, COPY, KERNEL, UNKNOWN, OTHERS, PAINTS };

static const struct {
    const char *class, *name;
} paints[PAINTS] = {
    {"program", "program"}, {"allocator", "allocator"}, {"lock", "lock functions"}, {"futex", "futex calls"},
    {"copy", "copy"},       {"kernel", "kernel, else"}, {"unknown", "unknown"},     {NULL, "others"},
};

struct panel {
    const struct variant *variant;
    size_t index, levels; /* levels: how many are drawn */
    double total, classes[PAINTS];
    bool cut;                     /* there are deeper ones, which are not drawn */
    double next[DEPTH_MOST + 2];  /* by depth: where the next box begins */
    double small[DEPTH_MOST + 2]; /* by depth: samples of boxes too narrow */
};

/* A box's text, in its middle. */
struct label {
    char *text;
    size_t panel, depth;
    double at; /* its middle, as a part of the panel's width */
    enum paint paint;
};

struct flame {
    struct panel *panels;
    size_t count, levels_most;
    bool shown[PAINTS];
    struct label *labels;
    size_t label_count;
    bool failed; /* a label found no memory */
};

static enum paint paint_find(const char *class)
{
    if (class && !strcmp(class, "library"))
        return PROGRAM; /* libraries that are not the allocator's */
    for (enum paint p = 0; class && p < OTHERS; p++)
        if (!strcmp(class, paints[p].class))
            return p;
    return UNKNOWN;
}

/* Returns how many samples with call paths the variant has at the thread count that the verdict speaks of. */
static int samples_count(struct drawing *d, const struct variant *v, double *samples, struct error *err)
{
    sqlite3_stmt *row = NULL;
    int rc = query_open(d->db,
                        "SELECT sum(s.samples) FROM frame_sample AS s JOIN frame AS f ON f.id = s.frame_id "
                        "JOIN sampled_run AS r ON r.id = f.run_id WHERE r.variant IS ?1 AND r.threads IS ?2",
                        v->name, d->lineup->subject_threads, &row, err);
    if (rc == 0)
        rc = database_step(d->db, row, err);
    *samples = rc == 1 && !isnan(query_number(row, 0)) ? query_number(row, 0) : 0;
    sqlite3_finalize(row);
    return rc < 0 ? rc : 0;
}

/* Returns the label as far as the box has room for it, malloc'd; NULL: what fits is not worth reading. */
static char *label_fit(const char *label, double width)
{
    const double room = (width - 0.1) / LETTER_CM;
    char *clean = room >= 2 ? strdup(label) : NULL;
    char *fitted = clean ? text_fit(text_clean(clean), room) : NULL;
    if (fitted && (!*fitted || (strcmp(fitted, clean) != 0 && strlen(fitted) < sizeof("…") + 4))) {
        free(fitted);
        fitted = NULL;
    }
    free(clean);
    return fitted;
}

static void label_add(struct flame *f, char *text, const struct label *place)
{
    struct label *grown = text ? realloc(f->labels, (f->label_count + 1) * sizeof(*grown)) : NULL;
    if (grown) {
        f->labels = grown;
        f->labels[f->label_count] = *place;
        f->labels[f->label_count++].text = text;
    } else {
        f->failed |= text != NULL;
        free(text);
    }
}

static void box_write(struct drawing *d, struct flame *f, struct panel *p, size_t depth, double x,
                      double samples, enum paint paint, const char *label, const char *module)
{
    if (depth > f->levels_most) {
        p->cut = true;
        return;
    }
    if (depth > p->levels)
        p->levels = depth;
    f->shown[paint] = true;
    drawing_data_number(d, (double)p->index + 1, false);
    drawing_data_variant(d, p->variant);
    drawing_data_threads(d, d->lineup->subject_threads);
    drawing_data_number(d, (double)depth, false);
    drawing_data_number(d, x / p->total, false);
    drawing_data_number(d, (x + samples) / p->total, false);
    drawing_data_number(d, samples, false);
    drawing_data_number(d, paint + 1, false);
    drawing_data_text(d, paints[paint].name, false);
    drawing_data_text(d, label, false);
    drawing_data_text(d, module, true);
    label_add(f, label_fit(label, samples / p->total * FIGURE_WIDTH),
              &(struct label){NULL, p->index, depth, (x + samples / 2) / p->total, paint});
}

/* Ends the boxes of `depth` and deeper under one caller: what was too narrow among them stands last. */
static void others_write(struct drawing *d, struct flame *f, struct panel *p, size_t from, size_t to)
{
    for (size_t depth = from; depth <= to; depth++) {
        if (p->small[depth] >= LEAST * p->total)
            box_write(d, f, p, depth, p->next[depth], p->small[depth], OTHERS, "others", NULL);
        p->small[depth] = 0;
    }
}

/* Takes a row of: depth, label, module, class, samples, self.  Rows come callers first. */
static void row_take(struct drawing *d, struct flame *f, struct panel *p, sqlite3_stmt *row, size_t *deepest)
{
    const size_t depth = (size_t)sqlite3_column_int64(row, 0);
    const double samples = query_number(row, 4), self = query_number(row, 5);
    const enum paint paint = paint_find((const char *)sqlite3_column_text(row, 3));
    p->classes[paint] += self;
    if (depth < 1 || depth > *deepest + 1 || depth > DEPTH_MOST)
        return; /* its caller is too narrow itself */
    others_write(d, f, p, depth + 1, *deepest + 1);
    *deepest = depth - 1;
    if (samples < LEAST * p->total) {
        p->small[depth] += samples;
        return;
    }
    const char *label = (const char *)sqlite3_column_text(row, 1);
    box_write(d, f, p, depth, p->next[depth], samples, paint, label ? label : "",
              (const char *)sqlite3_column_text(row, 2));
    p->next[depth + 1] = p->next[depth] + self;
    p->next[depth] += samples;
    *deepest = depth;
}

static int panel_write(struct drawing *d, struct flame *f, struct panel *p, struct error *err)
{
    sqlite3_stmt *row = NULL;
    size_t deepest = 0; /* depth of the last box drawn: its children may follow */
    int rc = query_open(d->db,
                        "SELECT depth, label, module, class, samples, self FROM flame "
                        "WHERE variant IS ?1 AND threads IS ?2",
                        p->variant->name, d->lineup->subject_threads, &row, err);
    while (rc == 0 && (rc = drawing_row(d, row, err)) == 1) {
        row_take(d, f, p, row, &deepest);
        rc = 0;
    }
    others_write(d, f, p, 1, deepest + 1);
    sqlite3_finalize(row);
    return rc;
}

/* Chooses the variants of the nth figure: two at a time of those that have samples. */
static int panels_find(struct drawing *d, struct flame *f, size_t nth, struct error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < d->lineup->count; i++) {
        double samples;
        const int rc = samples_count(d, &d->lineup->variants[i], &samples, err);
        if (rc < 0)
            return rc;
        if (samples > 0 && found++ / PER_FIGURE == nth) {
            f->panels[f->count] =
                (struct panel){.variant = &d->lineup->variants[i], .index = f->count, .total = samples};
            f->count++;
        }
    }
    return 0;
}

static void panels_place(struct drawing *d, const struct flame *f)
{
    double height = LEGEND_CM, top = LEGEND_CM;
    for (size_t i = 0; i < f->count; i++)
        height += TITLE_CM + LEVEL_CM * (double)f->panels[i].levels + GAP_CM;
    drawing_panels_define(d, f->count, height);
    drawing_define_array(d, "LEVELS", f->count);
    drawing_define_array(d, "NAME", f->count);
    drawing_define_array(d, "COLOUR", f->count);
    drawing_define_array(d, "COUNT", f->count);
    for (size_t i = 0; i < f->count; i++) {
        const struct panel *p = &f->panels[i];
        const double bottom = top + TITLE_CM + LEVEL_CM * (double)p->levels;
        drawing_panel_define(d, i, 0, FIGURE_WIDTH, top + TITLE_CM, bottom, height);
        top = bottom + GAP_CM;
        drawing_define_item(d, "LEVELS", i, (double)p->levels);
        drawing_define_item_text(d, "NAME", i, p->variant->label);
        drawing_define_item(d, "COLOUR", i, p->variant->ink.words);
        drawing_define_item(d, "COUNT", i, p->total);
    }
}

static void legend_define(struct drawing *d, const struct flame *f)
{
    size_t count = 0;
    drawing_define_array(d, "ITEM", PAINTS);
    drawing_define_array(d, "ITEM_PAINT", PAINTS);
    drawing_define_array(d, "ITEM_AT", PAINTS);
    double at = 0.05;
    for (enum paint p = 0; p < PAINTS; p++) {
        if (!f->shown[p])
            continue;
        drawing_define_item_text(d, "ITEM", count, paints[p].name);
        drawing_define_item(d, "ITEM_PAINT", count, p + 1);
        drawing_define_item(d, "ITEM_AT", count, at);
        at += 0.7 + text_width(paints[p].name) * LABEL_CM * 7 / 8;
        count++;
    }
    drawing_define_number(d, "ITEMS", (double)count);
}

static void labels_define(struct drawing *d, const struct flame *f)
{
    static const char *const arrays[] = {"LABEL", "LABEL_PANEL", "LABEL_LEVEL", "LABEL_AT", "LABEL_PAINT"};
    drawing_define_number(d, "LABELS", (double)f->label_count);
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        drawing_define_array(d, arrays[i], f->label_count);
    for (size_t i = 0; i < f->label_count; i++) {
        const struct label *l = &f->labels[i];
        drawing_define_item_text(d, "LABEL", i, l->text);
        drawing_define_item(d, "LABEL_PANEL", i, (double)l->panel + 1);
        drawing_define_item(d, "LABEL_LEVEL", i, (double)l->depth);
        drawing_define_item(d, "LABEL_AT", i, l->at);
        drawing_define_item(d, "LABEL_PAINT", i, l->paint + 1);
    }
}

static void caption_write(struct drawing *d, const struct flame *f)
{
    FILE *out = d->caption.out;
    bool cut = false;
    for (size_t i = 0; i < f->count; i++) {
        const struct panel *p = &f->panels[i];
        fprintf(out, "Of %s’s samples ", d->lineup->study ? p->variant->label : "the command");
        drawing_say_share(out, p->classes[FUTEX] / p->total);
        fputs(" are in futex calls, ", out);
        drawing_say_share(out, p->classes[LOCK] / p->total);
        fputs(" in lock functions, ", out);
        drawing_say_share(out, p->classes[ALLOCATOR] / p->total);
        fputs(" in the allocator. ", out);
        cut |= p->cut;
    }
    fputs("Each box is a function, as wide as its share of the samples, and stands on its caller", out);
    if (d->lineup->study) {
        fputs("; with ", out);
        drawing_caption_threads(out, d->lineup->subject_threads);
    }
    fputs(". Functions with less than 0.5 % of the samples are merged into ‘others’.", out);
    if (cut)
        fprintf(out, " Calls deeper than %zu are not drawn.", f->levels_most);
}

static int flame_draw(struct drawing *d, size_t nth, struct error *err)
{
    struct flame f = {.panels = calloc(PER_FIGURE, sizeof(*f.panels))};
    if (!f.panels)
        return -ENOMEM;
    drawing_data_header(
        d, "panel\tvariant\tthreads\tdepth\tfrom\tuntil\tsamples\tpaint\tclass\tfunction\tmodule");
    int rc = panels_find(d, &f, nth, err);
    f.levels_most = LEVELS_MOST / (f.count ? f.count : 1);
    for (size_t i = 0; rc == 0 && i < f.count; i++)
        rc = panel_write(d, &f, &f.panels[i], err);
    if (rc == 0 && f.failed)
        rc = -ENOMEM;
    if (rc == 0 && f.count == 0)
        rc = drawing_refuse(d, "no samples with call paths at the thread count that the verdict speaks of");
    if (rc == 0 && f.count > 0) {
        panels_place(d, &f);
        legend_define(d, &f);
        labels_define(d, &f);
        caption_write(d, &f);
    }
    for (size_t i = 0; i < f.label_count; i++)
        free(f.labels[i].text);
    free(f.labels);
    free(f.panels);
    return rc;
}

int figure_flame(struct drawing *d, struct error *err)
{
    return flame_draw(d, 0, err);
}

int figure_flame_2(struct drawing *d, struct error *err)
{
    return flame_draw(d, 1, err);
}

int figure_flame_3(struct drawing *d, struct error *err)
{
    return flame_draw(d, 2, err);
}

int figure_flame_4(struct drawing *d, struct error *err)
{
    return flame_draw(d, 3, err);
}

int figure_flame_5(struct drawing *d, struct error *err)
{
    return flame_draw(d, 4, err);
}

int figure_flame_6(struct drawing *d, struct error *err)
{
    return flame_draw(d, 5, err);
}
