/* Figure: how long does every variant take, at every thread count?  One panel per thread count on one scale,
 * one row per variant, so that what grows with threads is seen growing from left to right. */
#include "analysis/answer/comparison.h"
#include "plots/figures.h"
#include "plots/place.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define PANELS_ABREAST 4
#define GAP_CM         0.25
#define HEADING_CM     0.55
#define TICS_CM        0.5
#define VALUE_CM       1.0 /* "12 345" at a bar's end */

struct wall {
    double longest; /* ms */
    size_t shown;
    double panel_width, label_width;
};

static int absent_note(struct drawing *d, struct wall *w, size_t row, size_t panel, const char *why)
{
    const struct variant *v = &d->lineup->variants[row];
    if (!v->missing) {
        drawing_miss(d, v, d->lineup->threads[panel], why);
        return notes_add(d, panel, row, w->panel_width, why);
    }
    if (panel > 0)
        return 0; /* that is said once, over the whole row */
    drawing_miss(d, v, -2, why);
    return notes_add(d, panel, row, FIGURE_WIDTH - w->label_width, why);
}

static int cell_write(struct drawing *d, struct wall *w, size_t row, size_t panel, struct error *err)
{
    const struct variant *v = &d->lineup->variants[row];
    const int64_t threads = d->lineup->threads[panel];
    struct median m = {0};
    char *why = NULL;
    int rc =
        query_median(d->db,
                     "SELECT runs, median_ns / 1e6, low_ns / 1e6, high_ns / 1e6, coverage FROM wall_time "
                     "WHERE variant IS ?1 AND threads IS ?2 AND probes = 'none'",
                     v->name, threads, &m, err);
    if (rc == 0 && m.runs == 0)
        rc = drawing_why(d, v, threads, "untraced", &why, err);
    if (rc == 0 && why)
        rc = absent_note(d, w, row, panel, why);
    if (rc == 0 && m.runs > 0) {
        w->shown++;
        w->longest = fmax(w->longest, fmax(m.value, m.high));
        drawing_caption_note(d, &m);
    }
    drawing_data_number(d, (double)row + 1, false);
    drawing_data_variant(d, v);
    drawing_data_number(d, (double)panel + 1, false);
    drawing_data_threads(d, threads);
    drawing_data_number(d, (double)m.runs, false);
    drawing_data_number(d, m.value, false);
    drawing_data_number(d, m.coverage > 0 ? m.low : NAN, false);
    drawing_data_number(d, m.coverage > 0 ? m.high : NAN, false);
    drawing_data_number(d, m.coverage, false);
    drawing_data_text(d, why, true);
    free(why);
    return rc;
}

static void panels_place(struct drawing *d, const struct wall *w)
{
    const size_t count = d->lineup->thread_count;
    const double rows_height = ROW_CM * (double)d->lineup->count;
    const double strip = HEADING_CM + rows_height + TICS_CM;
    const size_t strips = (count + PANELS_ABREAST - 1) / PANELS_ABREAST;
    const double height = strip * (double)strips + 0.4;
    drawing_panels_define(d, count, height);
    drawing_define_array(d, "PANEL_NAME", count);
    drawing_define_array(d, "PANEL_FIRST", count);
    for (size_t i = 0; i < count; i++) {
        const size_t column = i % PANELS_ABREAST;
        const double left = w->label_width + (double)column * (w->panel_width + GAP_CM);
        const double top = strip * (double)(i / PANELS_ABREAST) + HEADING_CM;
        struct text name;
        drawing_panel_define(d, i, left, left + w->panel_width, top, top + rows_height, height);
        drawing_define_item(d, "PANEL_FIRST", i, column == 0);
        if (text_open(&name) == 0) {
            drawing_caption_threads(name.out, d->lineup->threads[i]);
            char *text = text_take(&name);
            drawing_define_item_text(d, "PANEL_NAME", i, text ? text : "");
            free(text);
        }
    }
}

static enum comparison claim_of(const struct median *m)
{
    return comparison_of(m->low, m->high, m->runs > 1 ? m->coverage : 0);
}

static void lead_write(FILE *out, enum comparison claim, const char *who, const char *than)
{
    if (claim == COMPARISON_SAME)
        fprintf(out, ", %s and %s take the same time within 5 %%: ", who, than);
    else if (claim == COMPARISON_UNSURE || claim == COMPARISON_FEW_ROUNDS)
        fprintf(out, ", whether %s and %s differ can't be told: ", who, than);
    else
        fprintf(out, claim == COMPARISON_ONE_ROUND ? ", %s took " : ", %s takes ", who);
}

/* Says "With 22 threads, musl takes 2.19 times as long as glibc; with one thread, 1.02 times: ...", as far as
 * the joint intervals bear it out. */
static void comparison_write(FILE *out, const struct lineup *l, const struct median *many,
                             const struct median *one)
{
    const struct variant *subject = lineup_find(l, l->subject), *baseline = lineup_find(l, l->baseline);
    const enum comparison claim = claim_of(many);
    const char *than = baseline ? baseline->label : l->baseline;
    fputs("With ", out);
    drawing_caption_threads(out, l->subject_threads);
    lead_write(out, claim, subject ? subject->label : l->subject, than);
    drawing_say_ratio(out, many->value);
    fputs(" times as long", out);
    if (claim == COMPARISON_LONGER || claim == COMPARISON_SHORTER)
        fprintf(out, " as %s", than);
    else if (claim == COMPARISON_ONE_ROUND)
        fprintf(out, " as %s in the one round measured", than);
    else if (claim == COMPARISON_UNSURE)
        fputs(", with an interval on both sides of 1", out);
    else if (claim == COMPARISON_FEW_ROUNDS)
        fputs(", in too few rounds for so many comparisons at once", out);
    if (one->runs > 0) {
        fputs("; with one thread, ", out);
        drawing_say_ratio(out, one->value);
        fputs(" times", out);
    }
    const bool apart = one->runs > 1 && many->runs > 1 && many->low > one->high; /* NAN: too few rounds */
    fputs(apart ? ". The time is lost between threads, not inside one. " : ". ", out);
}

static int caption_write(struct drawing *d, struct error *err)
{
    static const char *const ratio =
        "SELECT rounds, ratio, joint_low, joint_high, coverage FROM wall_ratio WHERE variant IS ?1 "
        "AND threads IS ?2";
    const struct lineup *l = d->lineup;
    FILE *out = d->caption.out;
    struct median many = {0}, one = {0};
    int rc = l->subject ? query_median(d->db, ratio, l->subject, l->subject_threads, &many, err) : 0;
    if (rc == 0 && l->subject && l->subject_threads != 1)
        rc = query_median(d->db, ratio, l->subject, 1, &one, err);
    if (rc < 0)
        return rc;
    if (many.runs > 0)
        comparison_write(out, l, &many, &one);
    fputs("Wall time from exec to exit, ", out);
    drawing_caption_interval(d);
    fputs(". Filled bars are linked statically, hollow ones dynamically.", out);
    return 0;
}

int figure_wall(struct drawing *d, struct error *err)
{
    struct wall w = {0};
    const size_t panels = d->lineup->thread_count;
    const size_t abreast = panels < PANELS_ABREAST ? panels : PANELS_ABREAST;
    if (panels == 0)
        return drawing_refuse(d, "the recording has no runs");
    w.label_width = drawing_rows_define(d, 4.2);
    w.panel_width = (FIGURE_WIDTH - 0.1 - w.label_width - GAP_CM * (double)(abreast - 1)) / (double)abreast;
    drawing_data_header(
        d, "row\tvariant\tpanel\tthreads\truns\tmedian_ms\tlow_ms\thigh_ms\tcoverage\tnot_measured");
    for (size_t panel = 0; panel < panels; panel++)
        for (size_t row = 0; row < d->lineup->count; row++) {
            const int rc = cell_write(d, &w, row, panel, err);
            if (rc < 0)
                return rc;
        }
    if (w.shown == 0)
        return drawing_refuse(d, "no untraced run counts, and a traced one's time is not the program's");
    if (w.longest <= 0)
        return drawing_refuse(d, "no run of the recording took any time");
    panels_place(d, &w);
    notes_define(d);
    drawing_define_number(d, "STEP", place_step(w.longest, w.panel_width > 5 ? 6 : 3));
    drawing_define_number(d, "XMAX", w.longest * w.panel_width / (w.panel_width - VALUE_CM));
    return caption_write(d, err);
}
