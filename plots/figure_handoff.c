/* Figure: how long is it from the wake of a thread asleep for malloc's lock to its running (view
 * handoff_distribution)?  A strip per variant that has handoffs, as in figure_waits.c; the others are named
 * in the caption: most of them never sleep, which is what to see.  Buckets of the recording (eight or more
 * per octave) are summed up into three per octave, so no count is split. */
#include "plots/figures.h"
#include "plots/place.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STRIP_CM   1.2
#define HEADING_CM 0.5
#define BOTTOM_CM  0.95
#define WORDS_CM   3.75

struct bin {
    int third; /* a third of an octave, counted from 1 ns */
    double low, high, calls;
};

struct handoff {
    size_t shown, none;
    struct text quiet;        /* variants that were measured and have none */
    double low, high, most;   /* over all bins: ns, calls */
    double half, slow, calls; /* the subject's */
};

static void bin_write(struct drawing *d, struct handoff *h, const struct variant *v, const struct bin *b)
{
    drawing_data_number(d, (double)h->shown + 1, false);
    drawing_data_variant(d, v);
    drawing_data_threads(d, d->lineup->subject_threads);
    drawing_data_number(d, b->low, false);
    drawing_data_number(d, b->high, false);
    drawing_data_number(d, b->calls, true);
    const double low = b->low > 0 ? b->low : b->high / 2;
    h->low = h->low > 0 ? fmin(h->low, low) : low;
    h->high = fmax(h->high, b->high);
    h->most = fmax(h->most, b->calls);
}

static int bins_read(struct drawing *d, struct handoff *h, const struct variant *v, double *calls,
                     struct error *err)
{
    sqlite3_stmt *row = NULL;
    struct bin bin = {0};
    *calls = 0;
    int rc = query_open(d->db,
                        "SELECT low_ns, high_ns, calls FROM handoff_distribution "
                        "WHERE variant IS ?1 AND threads IS ?2 ORDER BY low_ns",
                        v->name, d->lineup->subject_threads, &row, err);
    while (rc == 0 && (rc = drawing_row(d, row, err)) == 1) {
        const double low = query_number(row, 0), high = query_number(row, 1), n = query_number(row, 2);
        const int third = (int)floor(3 * log2(low > 0 ? (low + high) / 2 : fmax(high, 1) / 2));
        rc = 0;
        *calls += n;
        if (bin.calls > 0 && bin.third == third) {
            bin.high = high;
            bin.calls += n;
            continue;
        }
        if (bin.calls > 0)
            bin_write(d, h, v, &bin);
        bin = (struct bin){third, low, high, n};
    }
    if (bin.calls > 0)
        bin_write(d, h, v, &bin);
    sqlite3_finalize(row);
    return rc;
}

static void words_define(struct drawing *d, size_t strip, double calls, double half, double slow)
{
    struct text t;
    if (text_open(&t) < 0)
        return;
    drawing_say_count(t.out, calls);
    fputs(calls == 1 ? " handoff" : " handoffs", t.out);
    char *text = text_take(&t);
    drawing_define_item_text(d, "CALLS", strip, text ? text : "");
    free(text);
    if (text_open(&t) < 0)
        return;
    fputs("half < ", t.out);
    drawing_say_ns(t.out, half);
    fputs(", 99 % < ", t.out);
    drawing_say_ns(t.out, slow);
    text = text_take(&t);
    drawing_define_item_text(d, "QUANTILES", strip, text ? text : "");
    free(text);
}

static int loud_write(struct drawing *d, struct handoff *h, const struct variant *v, double calls,
                      struct error *err)
{
    sqlite3_stmt *row = NULL;
    int rc = query_open(d->db,
                        "SELECT half_ns, ninety_nine_ns FROM handoff_quantile "
                        "WHERE variant IS ?1 AND threads IS ?2",
                        v->name, d->lineup->subject_threads, &row, err);
    if (rc == 0)
        rc = database_step(d->db, row, err);
    if (rc == 1) {
        const double half = query_number(row, 0), slow = query_number(row, 1);
        words_define(d, h->shown, calls, half, slow);
        if (!d->lineup->study || (v->name && d->lineup->subject && !strcmp(v->name, d->lineup->subject))) {
            h->calls = calls;
            h->half = half;
            h->slow = slow;
        }
        rc = 0;
    }
    sqlite3_finalize(row);
    char *label = text_fit(v->label, 3.4 / LABEL_CM);
    drawing_define_item_text(d, "NAME", h->shown, label ? label : v->label);
    drawing_define_item(d, "COLOUR", h->shown, v->ink.colour);
    free(label);
    h->shown++;
    return rc;
}

/* Tells variants without a handoff: measured, and without one; or not measured. */
static int quiet_note(struct drawing *d, struct handoff *h, const struct variant *v, struct error *err)
{
    char *runs = NULL, *why = NULL;
    int rc = query_text(d->db, "SELECT 1 FROM traced_run WHERE variant IS ?1 AND threads IS ?2 LIMIT 1",
                        v->name, d->lineup->subject_threads, &runs, err);
    if (rc == 0 && runs)
        fprintf(h->quiet.out, "%s%s", h->none++ ? ", " : "", v->label);
    else if (rc == 0 && (rc = drawing_why(d, v, d->lineup->subject_threads, "traced", &why, err)) == 0)
        drawing_miss(d, v, -2, why);
    free(runs);
    free(why);
    return rc;
}

static void strips_place(struct drawing *d, const struct handoff *h)
{
    const double rows = STRIP_CM * (double)h->shown, height = HEADING_CM + rows + BOTTOM_CM;
    double widest = 0;
    for (size_t i = 0; i < d->lineup->count; i++)
        widest = fmax(widest, fmin(text_width(d->lineup->variants[i].label) * LABEL_CM, 3.4));
    drawing_panels_define(d, 1, height);
    drawing_panel_define(d, 0, widest + 0.85, FIGURE_WIDTH - WORDS_CM, 0, HEADING_CM + rows, height);
    drawing_define_number(d, "N", (double)h->shown);
    drawing_define_number(d, "DEPTH", HEADING_CM + rows);
    drawing_define_number(d, "HEADING", HEADING_CM);
    drawing_define_number(d, "STRIP", STRIP_CM);
    const double low = h->low / 1.3, high = h->high * 1.3;
    const double widen = high < 100 * low ? sqrt(100 * low / high) : 1; /* two decades at least */
    drawing_define_number(d, "LOW", low / widen);
    drawing_define_number(d, "HIGH", high * widen);
    drawing_define_number(d, "MOST", fmax(h->most, 10));
}

static void caption_write(struct drawing *d, struct handoff *h)
{
    const struct lineup *l = d->lineup;
    FILE *out = d->caption.out;
    if (h->calls > 0) {
        fprintf(out, "%s passes malloc’s lock on by a wake ", l->study ? l->subject : "The command");
        drawing_say_count(out, h->calls);
        fputs(h->calls == 1 ? " time" : " times", out);
        fputs("; half of those woken run within ", out);
        drawing_say_ns(out, h->half);
        fputs(", 99 % within ", out);
        drawing_say_ns(out, h->slow);
        fputs(". ", out);
    }
    fputs("From the wake of a thread asleep for malloc’s lock to its running", out);
    if (l->study) {
        fputs(", with ", out);
        drawing_caption_threads(out, l->subject_threads);
        fputs(", over all traced runs", out);
    }
    fputs("; height is the number of handoffs per third of an octave, logarithmic.", out);
    fflush(h->quiet.out);
    if (h->none > 0)
        fprintf(out, " None of: %s.", h->quiet.bytes);
}

static int strips_write(struct drawing *d, struct handoff *h, struct error *err)
{
    int rc = 0;
    drawing_data_header(d, "row\tvariant\tthreads\tlow_ns\thigh_ns\thandoffs");
    for (size_t i = 0; rc == 0 && i < d->lineup->count; i++) {
        const struct variant *v = &d->lineup->variants[i];
        double calls;
        rc = bins_read(d, h, v, &calls, err);
        if (rc == 0)
            rc = calls > 0 ? loud_write(d, h, v, calls, err) : quiet_note(d, h, v, err);
    }
    return rc;
}

int figure_handoff(struct drawing *d, struct error *err)
{
    static const char *const arrays[] = {"NAME", "COLOUR", "CALLS", "QUANTILES"};
    struct handoff h = {0};
    if (text_open(&h.quiet) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        drawing_define_array(d, arrays[i], d->lineup->count);
    int rc = strips_write(d, &h, err);
    if (rc == 0 && h.shown == 0)
        rc = drawing_refuse(d, "nobody was asleep for malloc’s lock and woken");
    else if (rc == 0) {
        strips_place(d, &h);
        caption_write(d, &h);
    }
    text_drop(&h.quiet);
    return rc;
}
