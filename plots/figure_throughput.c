/* Figure: does more threads mean more passwords?  A line per variant over the thread counts, named at its
 * end; names that would lie on each other are spread, and tied to their line's end. */
#include "plots/figures.h"
#include "plots/place.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define HEIGHT_CM 5.9
#define LEFT_CM   1.35
#define TOP_CM    0.55
#define BOTTOM_CM 0.95
#define LABEL_GAP 0.32
#define LEADER_CM 0.55

struct scale {
    double most; /* thousand passwords per second */
    size_t shown;
    double *ends; /* by variant: its value at its last thread count, NAN if it has none */
    int64_t *at;  /* by variant: that thread count */
};

static int point_write(struct drawing *d, struct scale *s, size_t row, int64_t threads, struct error *err)
{
    const struct variant *v = &d->lineup->variants[row];
    struct median m = {0};
    char *why = NULL;
    int rc = query_median(d->db,
                          "SELECT runs, per_second / 1e3, low / 1e3, high / 1e3, coverage FROM throughput "
                          "WHERE variant IS ?1 AND threads IS ?2 AND probes = 'none'",
                          v->name, threads, &m, err);
    if (rc == 0 && m.runs == 0 && !v->missing) {
        rc = drawing_why(d, v, threads, "untraced", &why, err);
        if (rc == 0)
            drawing_miss(d, v, threads, why);
    }
    if (m.runs > 0) {
        s->most = fmax(s->most, fmax(m.value, m.high));
        s->ends[row] = m.value;
        s->at[row] = threads;
        drawing_caption_note(d, &m);
        s->shown++;
    }
    drawing_data_number(d, (double)row + 1, false);
    drawing_data_variant(d, v);
    drawing_data_threads(d, threads);
    drawing_data_number(d, (double)m.runs, false);
    drawing_data_number(d, m.value, false);
    drawing_data_number(d, m.coverage > 0 ? m.low : NAN, false);
    drawing_data_number(d, m.coverage > 0 ? m.high : NAN, false);
    drawing_data_text(d, v->missing ? v->missing : why, true);
    free(why);
    return rc;
}

static int points_write(struct drawing *d, struct scale *s, struct error *err)
{
    const struct lineup *l = d->lineup;
    for (size_t row = 0; row < l->count; row++) {
        if (l->variants[row].missing)
            drawing_miss(d, &l->variants[row], -2, l->variants[row].missing);
        for (size_t t = 0; t < l->thread_count; t++)
            if (l->threads[t] > 0) {
                const int rc = point_write(d, s, row, l->threads[t], err);
                if (rc < 0)
                    return rc;
            }
    }
    return 0;
}

/* Finds where the names go, in thousand passwords per second as the lines. */
static int labels_place(struct drawing *d, const struct scale *s, double top)
{
    const struct lineup *l = d->lineup;
    const double per_cm = top / (HEIGHT_CM - TOP_CM - BOTTOM_CM);
    double *places = calloc(l->count, sizeof *places);
    size_t *rows = calloc(l->count, sizeof *rows), n = 0;
    if (!places || !rows) {
        free(places);
        free(rows);
        return -ENOMEM;
    }
    for (size_t i = 0; i < l->count; i++)
        if (!isnan(s->ends[i])) {
            rows[n] = i;
            places[n++] = s->ends[i];
        }
    place_spread(places, n, LABEL_GAP * per_cm, 0, top);
    drawing_define_array(d, "LABEL_ROW", n);
    drawing_define_array(d, "LABEL_Y", n);
    drawing_define_array(d, "LABEL_END", n);
    drawing_define_array(d, "LABEL_AT", n);
    drawing_define_number(d, "LABELS", (double)n);
    for (size_t i = 0; i < n; i++) {
        drawing_define_item(d, "LABEL_ROW", i, (double)rows[i] + 1);
        drawing_define_item(d, "LABEL_Y", i, places[i]);
        drawing_define_item(d, "LABEL_END", i, s->ends[rows[i]]);
        drawing_define_item(d, "LABEL_AT", i, (double)s->at[rows[i]]);
    }
    free(places);
    free(rows);
    return 0;
}

static int64_t threads_most(const struct lineup *l)
{
    return l->thread_count ? l->threads[l->thread_count - 1] : -1;
}

static size_t threads_known(const struct lineup *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->thread_count; i++)
        n += l->threads[i] > 0;
    return n;
}

/* Says "From one thread to 22, glibc goes from 570 000 passwords per second to 950 000, musl from 546 000 to
 * 431 000." */
static int caption_write(struct drawing *d, struct error *err)
{
    static const char *const sql = "SELECT runs, per_second, low, high, coverage FROM throughput "
                                   "WHERE variant IS ?1 AND threads IS ?2 AND probes = 'none'";
    const struct lineup *l = d->lineup;
    FILE *out = d->caption.out;
    const char *const who[] = {l->baseline, l->subject};
    size_t said = 0;
    for (size_t i = 0; i < 2; i++) {
        struct median first = {0}, last = {0};
        int rc = who[i] ? query_median(d->db, sql, who[i], l->threads[0], &first, err) : 0;
        if (rc == 0 && who[i])
            rc = query_median(d->db, sql, who[i], threads_most(l), &last, err);
        if (rc < 0)
            return rc;
        if (first.runs == 0 || last.runs == 0)
            continue;
        if (said++) {
            fprintf(out, "; %s from ", who[i]);
        } else {
            fputs("From ", out);
            drawing_caption_threads(out, l->threads[0]);
            fputs(" to ", out);
            drawing_caption_threads(out, threads_most(l));
            fprintf(out, ", %s goes from ", who[i]);
        }
        drawing_say_count(out, first.value);
        fputs(said == 1 ? " passwords per second to " : " to ", out);
        drawing_say_count(out, last.value);
    }
    if (said)
        fputs(". ", out);
    fputs("By the program’s own clock; ", out);
    drawing_caption_interval(d);
    fputs(". Solid lines and filled marks are linked statically, dashed and hollow ones dynamically.", out);
    return 0;
}

static void axes_define(struct drawing *d, double label_width, double top)
{
    const struct lineup *l = d->lineup;
    drawing_define_number(d, "YMAX", top);
    drawing_define_number(d, "STEP", place_step(top, 6));
    drawing_define_number(d, "FIRST", (double)l->threads[l->thread_count - threads_known(l)]);
    drawing_define_number(d, "LAST", (double)threads_most(l));
    drawing_define_number(d, "CORES", (double)l->cores);
    drawing_define_number(d, "LEADER", LEADER_CM / FIGURE_WIDTH);
    drawing_define_number(d, "THREADS", (double)threads_known(l));
    drawing_define_array(d, "THREAD", l->thread_count);
    for (size_t i = 0, n = 0; i < l->thread_count; i++)
        if (l->threads[i] > 0)
            drawing_define_item(d, "THREAD", n++, (double)l->threads[i]);
    drawing_define_array(d, "MARK", l->count);
    drawing_define_array(d, "WORDS", l->count);
    for (size_t i = 0; i < l->count; i++) {
        const struct ink *ink = &l->variants[i].ink;
        drawing_define_item(d, "MARK", i, l->variants[i].is_static ? ink->filled : ink->hollow);
        drawing_define_item(d, "WORDS", i, ink->words);
    }
    drawing_panels_define(d, 1, HEIGHT_CM);
    drawing_panel_define(d, 0, LEFT_CM, FIGURE_WIDTH - label_width - LEADER_CM, TOP_CM, HEIGHT_CM - BOTTOM_CM,
                         HEIGHT_CM);
}

int figure_throughput(struct drawing *d, struct error *err)
{
    const struct lineup *l = d->lineup;
    struct scale s = {.ends = calloc(l->count + 1, sizeof *s.ends), .at = calloc(l->count + 1, sizeof *s.at)};
    if (!s.ends || !s.at) {
        free(s.ends);
        free(s.at);
        return -ENOMEM;
    }
    for (size_t i = 0; i < l->count; i++)
        s.ends[i] = NAN;
    const double label_width = drawing_rows_define(d, 4.2);
    drawing_data_header(d, "row\tvariant\tthreads\truns\tthousand_per_second\tlow\thigh\tnot_measured");
    int rc = points_write(d, &s, err);
    if (rc == 0 && threads_known(l) < 2)
        rc = drawing_refuse(d, "it needs two thread counts or more, and this recording has one");
    else if (rc == 0 && (s.shown == 0 || s.most <= 0))
        rc = drawing_refuse(d, "no untraced run counts whose number of passwords is known");
    else if (rc == 0) {
        const double top = s.most * 1.06;
        axes_define(d, label_width, top);
        rc = labels_place(d, &s, top);
        if (rc == 0)
            rc = caption_write(d, err);
    }
    free(s.ends);
    free(s.at);
    return rc;
}
