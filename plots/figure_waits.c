/* Figure: how long do waits for malloc's locks last, by outcome?  A strip per variant, the number of waits on
 * a logarithmic scale over their duration; a variant without any says so in its row. The recording's buckets
 * (eight or more per octave, of unequal width) are summed up into three per octave, whose borders are borders
 * of buckets too: no count is split, and widths are near enough equal to compare heights. */
#include "plots/figures.h"
#include "plots/place.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STRIP_CM   1.1
#define ALONE_CM   3.2 /* the only strip there is */
#define QUIET_CM   0.44
#define HEADING_CM 0.5
#define BOTTOM_CM  0.95
#define WORDS_CM   3.75 /* the column at the right */

enum outcome { OF_SLEPT, OF_EAGAIN, OF_REST, OUTCOMES };
static const char *const outcome_names[] = {"slept", "eagain", "rest"};

struct bin {
    int third; /* a third of an octave, counted from 1 ns */
    double low, high, calls;
};

/* The waits of one variant and outcome. */
struct waits {
    struct bin *bins;
    size_t count;
    double calls, half; /* how many; after how many ns half of them are over */
};

struct strips {
    double top;             /* upper edge of the next strip, cm */
    double low, high, most; /* over all bins: ns, calls */
    size_t shown, quiet;
    double slept_half, slept_calls, eagain_half, eagain_calls; /* the subject's, for the caption */
};

static double strip_height(const struct drawing *d)
{
    return d->lineup->count == 1 ? ALONE_CM : STRIP_CM;
}

static enum outcome outcome_find(const char *name)
{
    return !strcmp(name, "slept") ? OF_SLEPT : !strcmp(name, "eagain") ? OF_EAGAIN : OF_REST;
}

/* Buckets come in order of low_ns. */
static int bin_add(struct waits *w, double low, double high, double calls)
{
    const int third = (int)floor(3 * log2((low > 0 ? (low + high) / 2 : high / 2)));
    struct bin *last = w->count ? &w->bins[w->count - 1] : NULL;
    w->calls += calls;
    if (last && last->third == third) {
        last->high = high;
        last->calls += calls;
        return 0;
    }
    struct bin *grown = realloc(w->bins, (w->count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    w->bins = grown;
    grown[w->count++] = (struct bin){third, low, high, calls};
    return 0;
}

/* Reads all outcomes of a variant; cumulative shares in the view give the medians. */
static int waits_read(struct drawing *d, const struct variant *v, struct waits waits[OUTCOMES],
                      struct error *err)
{
    sqlite3_stmt *row = NULL;
    int rc = query_open(d->db,
                        "SELECT outcome, low_ns, high_ns, calls, cumulative_share FROM wait_distribution "
                        "WHERE variant IS ?1 AND threads IS ?2 AND class = 'malloc' ORDER BY low_ns, outcome",
                        v->name, d->lineup->subject_threads, &row, err);
    while (rc == 0 && (rc = drawing_row(d, row, err)) == 1) {
        const char *outcome = (const char *)sqlite3_column_text(row, 0);
        struct waits *w = &waits[outcome_find(outcome ? outcome : "")];
        if (w->half <= 0 && query_number(row, 4) >= 0.5)
            w->half = query_number(row, 2);
        rc = bin_add(w, query_number(row, 1), query_number(row, 2), query_number(row, 3));
    }
    sqlite3_finalize(row);
    return rc;
}

static void bins_write(struct drawing *d, struct strips *s, size_t row, const struct variant *v,
                       enum outcome outcome, const struct waits *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct bin *b = &w->bins[i];
        drawing_data_number(d, (double)row + 1, false);
        drawing_data_variant(d, v);
        drawing_data_threads(d, d->lineup->subject_threads);
        drawing_data_number(d, outcome + 1, false);
        drawing_data_text(d, outcome_names[outcome], false);
        drawing_data_number(d, b->low, false);
        drawing_data_number(d, b->high, false);
        drawing_data_number(d, b->calls, false);
        drawing_data_text(d, NULL, true);
        const double low = b->low > 0 ? b->low : b->high / 2;
        s->low = s->low > 0 ? fmin(s->low, low) : low;
        s->high = fmax(s->high, b->high);
        s->most = fmax(s->most, b->calls);
    }
}

/* Makes a row that has no data say why. */
static void quiet_write(struct drawing *d, size_t row, const struct variant *v, const char *why)
{
    drawing_data_number(d, (double)row + 1, false);
    drawing_data_variant(d, v);
    drawing_data_threads(d, d->lineup->subject_threads);
    for (size_t i = 0; i < 5; i++)
        drawing_data_number(d, NAN, false);
    drawing_data_text(d, why, true);
}

/* Writes "8 826 slept, half of them within 74 µs" at the strip's right. */
static void words_define(struct drawing *d, const char *array, size_t row, const struct waits *w,
                         const char *what)
{
    struct text t;
    if (w->calls <= 0 || text_open(&t) < 0) {
        drawing_define_item_text(d, array, row, "");
        return;
    }
    drawing_say_count(t.out, w->calls);
    fprintf(t.out, " %s, half < ", what);
    drawing_say_ns(t.out, w->half);
    char *text = text_take(&t);
    drawing_define_item_text(d, array, row, text ? text : "");
    free(text);
}

static int traced_runs(struct drawing *d, const struct variant *v, double *runs, struct error *err)
{
    char *text = NULL;
    const int rc = query_text(d->db, "SELECT count(*) FROM traced_run WHERE variant IS ?1 AND threads IS ?2",
                              v->name, d->lineup->subject_threads, &text, err);
    *runs = text ? strtod(text, NULL) : 0;
    free(text);
    return rc;
}

/* Sets *untold to how many calls for malloc's locks there are of which nobody knows how long they took. */
static int untold_calls(struct drawing *d, const struct variant *v, double *untold, struct error *err)
{
    char *text = NULL;
    const int rc = query_text(d->db,
                              "SELECT total(calls) FROM futex_call WHERE variant IS ?1 AND threads IS ?2 AND "
                              "class = 'malloc' AND outcome IS NULL",
                              v->name, d->lineup->subject_threads, &text, err);
    *untold = text ? strtod(text, NULL) : 0;
    free(text);
    return rc;
}

static int quiet_row(struct drawing *d, struct strips *s, size_t row, double runs, struct error *err)
{
    const struct variant *v = &d->lineup->variants[row];
    char *why = NULL;
    double untold = 0;
    int rc = runs > 0 ? untold_calls(d, v, &untold, err) : 0;
    if (rc) {
        return rc;
    } else if (untold > 0) {
        rc = asprintf(&why, "not measured: of %.0f calls the session has the beginnings only", untold) < 0
                 ? -ENOMEM
                 : 0;
    } else if (runs > 0) {
        s->quiet++;
        rc = asprintf(&why, "no waits on malloc locks in %.0f traced run%s", runs, runs == 1 ? "" : "s") < 0
                 ? -ENOMEM
                 : 0;
    } else if ((rc = drawing_why(d, v, d->lineup->subject_threads, "traced", &why, err)) == 0) {
        drawing_miss(d, v, -2, why);
        char *said = NULL;
        rc = asprintf(&said, "not measured: %s", why) < 0 ? -ENOMEM : 0;
        free(why);
        why = said;
    }
    if (rc == 0) {
        char *fitted = text_fit(why, 12 / (LABEL_CM * 7 / 8));
        drawing_define_item_text(d, "QUIET", row, fitted ? fitted : why);
        quiet_write(d, row, v, why);
        free(fitted);
    }
    free(why);
    return rc;
}

static void subject_note(struct drawing *d, struct strips *s, const struct variant *v, const struct waits *w)
{
    const struct lineup *l = d->lineup;
    if (l->study && (!l->subject || !v->name || strcmp(v->name, l->subject)))
        return;
    s->slept_calls = w[OF_SLEPT].calls;
    s->slept_half = w[OF_SLEPT].half;
    s->eagain_calls = w[OF_EAGAIN].calls;
    s->eagain_half = w[OF_EAGAIN].half;
}

static int strip_write(struct drawing *d, struct strips *s, size_t row, struct error *err)
{
    const struct variant *v = &d->lineup->variants[row];
    struct waits waits[OUTCOMES] = {0};
    double runs;
    int rc = traced_runs(d, v, &runs, err);
    if (rc == 0)
        rc = waits_read(d, v, waits, err);
    const bool loud = waits[OF_SLEPT].count + waits[OF_EAGAIN].count + waits[OF_REST].count > 0;
    drawing_define_item_text(d, "QUIET", row, "");
    words_define(d, "SLEPT_WORDS", row, &waits[OF_SLEPT], "slept");
    words_define(d, "EAGAIN_WORDS", row, &waits[OF_EAGAIN], "EAGAIN");
    words_define(d, "REST_WORDS", row, &waits[OF_REST], "other");
    if (rc == 0 && loud) {
        for (enum outcome o = 0; o < OUTCOMES; o++)
            bins_write(d, s, row, v, o, &waits[o]);
        subject_note(d, s, v, waits);
        s->shown++;
    } else if (rc == 0) {
        rc = quiet_row(d, s, row, runs, err);
    }
    s->top += loud ? strip_height(d) : QUIET_CM;
    drawing_define_item(d, "BASE", row, s->top); /* its lower edge, from the figure's top */
    drawing_define_item(d, "LOUD", row, loud);
    for (enum outcome o = 0; o < OUTCOMES; o++)
        free(waits[o].bins);
    return rc;
}

static void axes_define(struct drawing *d, const struct strips *s, double label_width)
{
    const double height = s->top + BOTTOM_CM, left = label_width + 0.6;
    drawing_panels_define(d, 1, height);
    drawing_panel_define(d, 0, left, FIGURE_WIDTH - WORDS_CM, 0, s->top, height);
    drawing_define_number(d, "DEPTH", s->top);
    drawing_define_number(d, "STRIP", strip_height(d));
    drawing_define_number(d, "STUDY", d->lineup->study);
    const double low = s->low > 0 ? s->low / 1.3 : 100, high = s->high > 0 ? s->high * 1.3 : 1e6;
    const double widen = high < 100 * low ? sqrt(100 * low / high) : 1; /* two decades at least */
    drawing_define_number(d, "LOW", low / widen);
    drawing_define_number(d, "HIGH", high * widen);
    drawing_define_number(d, "MOST", fmax(s->most, 10));
}

static void caption_write(struct drawing *d, const struct strips *s)
{
    const struct lineup *l = d->lineup;
    FILE *out = d->caption.out;
    const char *who = l->subject ? l->subject : "the command";
    if (s->slept_calls > 0 && s->eagain_calls > 0) {
        fprintf(out, "Waits of %s are of two kinds: half of the ", who);
        drawing_say_count(out, s->eagain_calls);
        fputs(" that return EAGAIN are over within ", out);
        drawing_say_ns(out, s->eagain_half);
        fputs("; of the ", out);
        drawing_say_count(out, s->slept_calls);
        fputs(" that sleep, half take up to ", out);
        drawing_say_ns(out, s->slept_half);
        fputs(". ", out);
    }
    fputs("Time inside the futex call", out);
    if (l->study) {
        fputs(", with ", out);
        drawing_caption_threads(out, l->subject_threads);
    }
    fprintf(out, "; height is the number of waits per third of an octave%s, on a logarithmic scale",
            l->study ? ", over all traced runs" : "");
    if (s->quiet > 0 && s->shown > 0)
        fputs("; a variant without waits says so", out);
    fputc('.', out);
}

int figure_waits(struct drawing *d, struct error *err)
{
    static const char *const numbers[] = {"BASE",        "LOUD",         "QUIET",
                                          "SLEPT_WORDS", "EAGAIN_WORDS", "REST_WORDS"};
    struct strips s = {.top = HEADING_CM};
    const double label_width = drawing_rows_define(d, 4.2);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        drawing_define_array(d, numbers[i], d->lineup->count);
    drawing_data_header(d, "row\tvariant\tthreads\tkind\toutcome\tlow_ns\thigh_ns\twaits\tno_waits");
    for (size_t row = 0; row < d->lineup->count; row++) {
        const int rc = strip_write(d, &s, row, err);
        if (rc < 0)
            return rc;
    }
    if (s.shown + s.quiet == 0)
        return drawing_refuse(d, "no traced run counts");
    axes_define(d, &s, label_width);
    caption_write(d, &s);
    return 0;
}
