/* Figure: the blog post's own four times beside ours, as ratios to glibc: absolute times of two machines say
 * nothing, the ratios tell whether its finding holds here. */
#include "plots/figures.h"
#include "plots/place.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAIR_CM  0.88
#define VALUE_CM 3.0 /* "here 2.17 times (2 317 ms)" at a bar's end */

struct post {
    int64_t threads; /* our number of threads */
    bool same;       /* it is the post's own */
    double longest;
    size_t shown, rows;
    double theirs; /* musl's ratios, for the caption */
    struct median ours;
};

/* Chooses the post's number of threads if it was measured, else the verdict's. */
static int threads_choose(struct drawing *d, struct post *p, struct error *err)
{
    char *text = NULL;
    const int rc = query_text(
        d->db,
        "SELECT threads FROM published_time WHERE threads IN (SELECT threads FROM counted_run) LIMIT 1", NULL,
        -1, &text, err);
    p->same = text != NULL;
    p->threads = text ? strtoll(text, NULL, 10) : d->lineup->subject_threads;
    free(text);
    return rc;
}

/* Reads our ratio of the programs' own times, with the median time in ms as the value of *time. */
static int ours_read(struct drawing *d, const struct post *p, const char *name, struct median *ratio,
                     struct median *time, struct error *err)
{
    int rc = query_median(
        d->db,
        "SELECT rounds, ratio, low, high, coverage FROM reported_ratio WHERE variant IS ?1 AND threads IS ?2",
        name, p->threads, ratio, err);
    if (rc == 0)
        rc = query_median(
            d->db,
            "SELECT runs, median_ns / 1e6, low_ns / 1e6, high_ns / 1e6, coverage FROM reported_time "
            "WHERE variant IS ?1 AND threads IS ?2 AND probes = 'none'",
            name, p->threads, time, err);
    return rc;
}

static int why_not(struct drawing *d, const struct post *p, const char *name, char **why, struct error *err)
{
    const struct variant *v = lineup_find(d->lineup, name);
    if (v)
        return drawing_why(d, v, p->threads, "untraced", why, err);
    return (*why = strdup("not in this study")) ? 0 : -ENOMEM;
}

static int row_write(struct drawing *d, struct post *p, sqlite3_stmt *post, struct error *err)
{
    const char *name = (const char *)sqlite3_column_text(post, 0);
    const double ms = query_number(post, 1), theirs = query_number(post, 2);
    struct median ratio = {0}, time = {0};
    char *why = NULL;
    int rc = ours_read(d, p, name, &ratio, &time, err);
    if (rc == 0 && ratio.runs == 0)
        rc = why_not(d, p, name, &why, err);
    if (rc == 0 && why) {
        rc = notes_add(d, 0, p->rows, 8, why);
        drawing_miss(d, &(struct variant){.label = (char *)name}, -2, why);
    }
    if (ratio.runs > 0)
        p->shown++;
    if (!strcmp(name, "musl")) {
        p->theirs = theirs;
        p->ours = ratio;
    }
    p->longest = fmax(p->longest, fmax(theirs, fmax(ratio.value, ratio.high)));
    const struct variant *v = lineup_find(d->lineup, name);
    drawing_define_item_text(d, "NAME", p->rows, name);
    drawing_define_item(d, "COLOUR", p->rows, v ? v->ink.colour : palette_find(NULL, 0).colour);
    drawing_define_item(d, "SOLID", p->rows, v ? v->is_static : 1);
    drawing_data_number(d, (double)++p->rows, false);
    drawing_data_text(d, name, false);
    drawing_data_number(d, ms, false);
    drawing_data_number(d, theirs, false);
    drawing_data_threads(d, p->threads);
    drawing_data_number(d, time.value, false);
    drawing_data_number(d, ratio.value, false);
    drawing_data_number(d, ratio.coverage > 0 ? ratio.low : NAN, false);
    drawing_data_number(d, ratio.coverage > 0 ? ratio.high : NAN, false);
    drawing_data_text(d, why, true);
    free(why);
    return rc;
}

static int rows_write(struct drawing *d, struct post *p, struct error *err)
{
    sqlite3_stmt *post = NULL;
    int rc = query_open(d->db, "SELECT variant, ms, ratio FROM published_time", NULL, -1, &post, err);
    while (rc == 0 && (rc = drawing_row(d, post, err)) == 1)
        rc = row_write(d, p, post, err);
    sqlite3_finalize(post);
    notes_define(d);
    return rc;
}

static void caption_write(struct drawing *d, const struct post *p)
{
    FILE *out = d->caption.out;
    if (p->ours.runs > 0) {
        fputs("On 22 threads of its machine the post saw static musl take ", out);
        drawing_say_ratio(out, p->theirs);
        fputs(" times as long as glibc; on ", out);
        drawing_caption_threads(out, p->threads);
        if (d->lineup->cores > 0)
            fprintf(out, " of this one (%s%.0f core%s)", "", (double)d->lineup->cores,
                    d->lineup->cores == 1 ? "" : "s");
        fputs(" it is ", out);
        drawing_say_ratio(out, p->ours.value);
        fputs(" times", out);
        if (p->ours.coverage > 0) {
            fputs(" (interval ", out);
            drawing_say_ratio(out, p->ours.low);
            fputs(" to ", out);
            drawing_say_ratio(out, p->ours.high);
            fputc(')', out);
        }
        fputs(". ", out);
    }
    fputs("Times are the programs’ own, ratios are to glibc in the same round, whiskers their intervals. "
          "Post: “Performance "
          "of static Rust with MUSL”, 2025, one million passwords.",
          out);
    if (!p->same)
        fputs(" This recording has no runs on 22 threads.", out);
}

int figure_post(struct drawing *d, struct error *err)
{
    struct post p = {.theirs = NAN};
    const double left = 2.9, heading = 0.1, bottom = 0.95;
    int rc = threads_choose(d, &p, err);
    drawing_data_header(
        d, "row\tvariant\tpost_ms\tpost_ratio\tthreads\tmedian_ms\tratio\tlow\thigh\tnot_measured");
    drawing_define_array(d, "NAME", 16);
    drawing_define_array(d, "COLOUR", 16);
    drawing_define_array(d, "SOLID", 16);
    if (rc == 0)
        rc = rows_write(d, &p, err);
    if (rc < 0)
        return rc;
    if (p.shown == 0)
        return drawing_refuse(d, "none of the post’s four variants has a time of its own here beside glibc");
    const double height = heading + PAIR_CM * (double)p.rows + bottom, right = FIGURE_WIDTH - 0.1;
    drawing_define_number(d, "N", (double)p.rows);
    drawing_panels_define(d, 1, height);
    drawing_panel_define(d, 0, left, right, heading, height - bottom, height);
    drawing_define_number(d, "STEP", place_step(p.longest, 8));
    drawing_define_number(d, "XMAX", p.longest * (right - left) / (right - left - VALUE_CM));
    caption_write(d, &p);
    return 0;
}
