/* Figure: how many futex calls on malloc's locks does a password cost, by outcome?  Left the sum on a linear
 * scale, which says how much; right each outcome on a logarithmic one with a place of its own for zero, which
 * says that 0.7 and 0.000 01 are both something and that none is not "not measured". */
#include "plots/figures.h"
#include "plots/place.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { KINDS = 5, SHOWN = 4 }; /* slept, EAGAIN, empty wakes, waking wakes; and the rest, in the sum only */

#define HEADING_CM 1.15
#define TICS_CM    0.95
#define GAP_CM     0.3

struct futex {
    double kinds[KINDS]; /* those of the row that is being written */
    double most;         /* the largest sum */
    double low, high;    /* the smallest and the largest value that isn't zero */
    double other;        /* the largest rest */
    size_t shown;
    int64_t runs;
};

static int kinds_read(struct drawing *d, struct futex *f, const struct variant *v, bool *measured,
                      struct error *err)
{
    sqlite3_stmt *row = NULL;
    *measured = false;
    int rc = query_open(d->db,
                        "SELECT position, calls_per_password, runs FROM futex_kind_per_password "
                        "WHERE variant IS ?1 AND threads IS ?2 AND class = 'malloc'",
                        v->name, d->lineup->subject_threads, &row, err);
    for (size_t i = 0; i < KINDS; i++)
        f->kinds[i] = NAN;
    while (rc == 0 && (rc = drawing_row(d, row, err)) == 1) {
        const int position = sqlite3_column_int(row, 0);
        rc = 0;
        if (position < 1 || position > KINDS || isnan(query_number(row, 1)))
            continue;
        f->kinds[position - 1] = query_number(row, 1);
        f->runs = sqlite3_column_int64(row, 2);
        *measured = true;
    }
    sqlite3_finalize(row);
    return rc;
}

static void extent_grow(struct futex *f)
{
    double sum = 0;
    for (size_t i = 0; i < KINDS; i++) {
        const double x = f->kinds[i];
        sum += x > 0 ? x : 0;
        if (i < SHOWN && x > 0) {
            f->low = f->low > 0 ? fmin(f->low, x) : x;
            f->high = fmax(f->high, x);
        }
    }
    f->most = fmax(f->most, sum);
    f->other = fmax(f->other, f->kinds[SHOWN]);
    f->shown++;
}

static int row_write(struct drawing *d, struct futex *f, size_t index, struct error *err)
{
    const struct variant *v = &d->lineup->variants[index];
    bool measured;
    char *why = NULL;
    int rc = kinds_read(d, f, v, &measured, err);
    if (rc == 0 && measured)
        extent_grow(f);
    else if (rc == 0)
        rc = drawing_why(d, v, d->lineup->subject_threads, "traced", &why, err);
    if (rc == 0 && why) {
        drawing_miss(d, v, -2, why);
        rc = notes_add(d, 0, index, 4.2, why);
    }
    drawing_data_number(d, (double)index + 1, false);
    drawing_data_variant(d, v);
    drawing_data_threads(d, d->lineup->subject_threads);
    for (size_t i = 0; i < KINDS; i++)
        drawing_data_number(d, f->kinds[i], false);
    drawing_data_text(d, why, true);
    free(why);
    return rc;
}

static void panels_place(struct drawing *d, const struct futex *f, double label_width)
{
    const double rows = ROW_CM * (double)d->lineup->count, height = HEADING_CM + rows + TICS_CM;
    const double room = FIGURE_WIDTH - 0.1 - label_width - SHOWN * GAP_CM;
    const double sum = room * 0.32, each = (room - sum) / SHOWN;
    drawing_panels_define(d, SHOWN + 1, height);
    drawing_panel_define(d, 0, label_width, label_width + sum, HEADING_CM, HEADING_CM + rows, height);
    for (size_t i = 0; i < SHOWN; i++) {
        const double left = label_width + sum + GAP_CM + (double)i * (each + GAP_CM);
        drawing_panel_define(d, i + 1, left, left + each, HEADING_CM, HEADING_CM + rows, height);
    }
    drawing_define_number(d, "SUM_STEP", place_step(f->most, 3));
    drawing_define_number(d, "SUM_MAX", f->most > 0 ? f->most * sum / (sum - 1.0) : 1);
    drawing_define_number(d, "LOW", f->low > 0 ? fmax(floor(log10(f->low)), -9) : -3);
    drawing_define_number(d, "HIGH", f->high > 0 ? fmax(ceil(log10(f->high)), 0) : 0);
    drawing_define_number(d, "RUNS", (double)f->runs);
}

/* Says "With 22 threads musl makes 0.77 calls per password, 98.9 % of which neither sleep nor wake anybody."
 */
static int caption_write(struct drawing *d, struct futex *f, struct error *err)
{
    const struct lineup *l = d->lineup;
    FILE *out = d->caption.out;
    const struct variant *subject = l->subject ? lineup_find(l, l->subject) : NULL;
    bool measured = false;
    const int rc = subject ? kinds_read(d, f, subject, &measured, err) : 0;
    if (rc < 0)
        return rc;
    const double *k = f->kinds, sum = k[0] + k[1] + k[2] + k[3] + k[4];
    if (measured && sum > 0) {
        fputs("With ", out);
        drawing_caption_threads(out, l->subject_threads);
        fprintf(out, ", %s makes ", subject->label);
        drawing_say_rate(out, sum);
        fputs(" calls per password; ", out);
        drawing_say_share(out, (k[1] + k[2]) / sum);
        fputs(" of them are EAGAIN waits, which return at once, or empty wakes, which wake nobody. ", out);
    } else if (measured) {
        fprintf(out, "%s makes no futex call on a malloc lock. ", subject->label);
    }
    fputs("Left all outcomes together on a linear scale; right each on a logarithmic one, where 0 means "
          "measured, and none.",
          out);
    if (f->other > 0) {
        fputs(" Other outcomes, at most ", out);
        drawing_say_rate(out, f->other);
        fputs(" per password, are in the sum only.", out);
    }
    fprintf(out, " Medians of %.0f traced run%s.", (double)f->runs, f->runs == 1 ? "" : "s");
    return 0;
}

int figure_futex(struct drawing *d, struct error *err)
{
    struct futex f = {0};
    const double label_width = drawing_rows_define(d, 3.0);
    drawing_data_header(
        d, "row\tvariant\tthreads\tslept\teagain\tempty_wakes\twaking_wakes\tother\tnot_measured");
    for (size_t i = 0; i < d->lineup->count; i++) {
        const int rc = row_write(d, &f, i, err);
        if (rc < 0)
            return rc;
    }
    if (f.shown == 0)
        return drawing_refuse(d, "no traced run counted passwords and futex calls together");
    panels_place(d, &f, label_width);
    notes_define(d);
    return caption_write(d, &f, err);
}
