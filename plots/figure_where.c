/* Figure: where did every thread-second go?  A stacked bar per variant, of the one run that stands for it
 * (view thread_account): its parts sum to its threads' lifetimes.  The main thread's sleep until the others
 * are done is one of them. */
#include "plots/figures.h"
#include "plots/place.h"
#include "plots/states.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEGEND_CM 1.35
#define TICS_CM   1.0
#define TOTAL_CM  1.3 /* what a bar's sum takes at its end */

struct where {
    double groups[GROUPS]; /* ms, of the row being written */
    double total, most;
    int64_t runs;
    size_t shown;
    bool estimated;
    bool tells_lock; /* sleep for mmap_lock is told apart, in the row being written */
};

static int groups_read(struct drawing *d, struct where *w, const struct variant *v, struct error *err)
{
    sqlite3_stmt *row = NULL;
    int rc = query_open(d->db,
                        "SELECT state, kind, ns, estimated, runs FROM thread_account "
                        "WHERE variant IS ?1 AND threads IS ?2",
                        v->name, d->lineup->subject_threads, &row, err);
    for (size_t i = 0; i < GROUPS; i++)
        w->groups[i] = 0;
    w->total = 0;
    w->tells_lock = true;
    while (rc == 0 && (rc = drawing_row(d, row, err)) == 1) {
        const double ns = query_number(row, 2);
        rc = 0;
        w->estimated |= sqlite3_column_int(row, 3) != 0;
        w->runs = sqlite3_column_int64(row, 4);
        const char *state = (const char *)sqlite3_column_text(row, 0);
        w->tells_lock &= !isnan(ns) || !state || strcmp(state, "mmap_lock_blocked") != 0;
        if (isnan(ns))
            continue;
        w->groups[group_find(state, (const char *)sqlite3_column_text(row, 1))] += ns / 1e6;
        w->total += ns / 1e6;
    }
    sqlite3_finalize(row);
    return rc;
}

static int row_write(struct drawing *d, struct where *w, size_t index, struct error *err)
{
    const struct variant *v = &d->lineup->variants[index];
    const int rc = groups_read(d, w, v, err);
    if (rc < 0)
        return rc;
    const bool measured = w->total > 0;
    const char *why = measured ? NULL : v->missing ? v->missing : "no ledger run";
    w->shown += measured;
    w->most = fmax(w->most, w->total);
    drawing_data_number(d, (double)index + 1, false);
    drawing_data_variant(d, v);
    drawing_data_threads(d, d->lineup->subject_threads);
    for (enum group g = 0; g < GROUP_REST; g++)
        drawing_data_number(d, measured ? w->groups[g] : NAN, false);
    drawing_data_number(d, measured ? w->total : NAN, false);
    drawing_data_text(d, why, true);
    if (measured)
        return 0;
    drawing_miss(d, v, -2, why);
    return notes_add(d, 0, index, 8, why);
}

static void header_write(struct drawing *d)
{
    fputs("row\tvariant\tthreads\t", d->data);
    for (enum group g = 0; g < GROUP_REST; g++)
        fprintf(d->data, "%s\t", group_column(g));
    fputs("total_ms\tnot_measured\n", d->data);
    drawing_define_array(d, "GROUP", GROUP_REST);
    for (enum group g = 0; g < GROUP_REST; g++)
        drawing_define_item_text(d, "GROUP", g, group_name(g));
}

static void panel_place(struct drawing *d, const struct where *w, double label_width)
{
    const double rows = ROW_CM * (double)d->lineup->count, height = LEGEND_CM + rows + TICS_CM;
    const double width = FIGURE_WIDTH - 0.1 - label_width, unit = w->most >= 1000 ? 1000 : 1;
    drawing_panels_define(d, 1, height);
    drawing_panel_define(d, 0, label_width, label_width + width, LEGEND_CM, LEGEND_CM + rows, height);
    drawing_define_number(d, "UNIT", unit);
    drawing_define_number(d, "STEP", place_step(w->most / unit, 8));
    drawing_define_number(d, "MAX", w->most / unit * width / (width - TOTAL_CM));
    drawing_define_number(d, "WIDE", width);
}

/* Says "With 4 threads musl's threads lived 8.2 s, 41 % of it asleep for malloc's lock, ..." */
static int caption_write(struct drawing *d, struct where *w, struct error *err)
{
    const struct lineup *l = d->lineup;
    FILE *out = d->caption.out;
    const struct variant *v = l->study ? l->subject ? lineup_find(l, l->subject) : NULL : l->variants;
    const int rc = v ? groups_read(d, w, v, err) : 0;
    if (rc < 0)
        return rc;
    if (v && w->total > 0) {
        const double *g = w->groups;
        fprintf(out, "Of the time of %s’s threads ", l->study ? v->label : "the command");
        drawing_say_share(out, g[GROUP_FUTEX] / w->total);
        fputs(" goes to futex calls, ", out);
        drawing_say_share(out, g[GROUP_ASLEEP_MALLOC] / w->total);
        fputs(" to sleep for malloc’s lock, ", out);
        drawing_say_share(out, g[GROUP_RUNNABLE] / w->total);
        fputs(" to waiting for a CPU", out);
        if (w->tells_lock && g[GROUP_MMAP_LOCK] > 0) {
            fputs(", ", out);
            drawing_say_share(out, g[GROUP_MMAP_LOCK] / w->total);
            fputs(" to the kernel’s mmap_lock, spinning and asleep", out);
        }
        fputs(". ", out);
    }
    fputs("Lifetimes of all threads", out);
    if (l->study) {
        fputs(", with ", out);
        drawing_caption_threads(out, l->subject_threads);
        fputs(", in the ledger run with the median wall time", out);
    }
    fputs(". The main thread’s sleep until the others are done is in ‘asleep, else’.", out);
    if (w->estimated)
        fputs(" Time in user code is divided by samples; ‘program’ is what is not the allocator’s.", out);
    return 0;
}

int figure_where(struct drawing *d, struct error *err)
{
    struct where w = {0};
    const double label_width = drawing_rows_define(d, 3.6);
    header_write(d);
    for (size_t i = 0; i < d->lineup->count; i++) {
        const int rc = row_write(d, &w, i, err);
        if (rc < 0)
            return rc;
    }
    if (w.shown == 0)
        return drawing_refuse(d, "no ledger run at the thread count that the verdict speaks of");
    panel_place(d, &w, label_width);
    notes_define(d);
    return caption_write(d, &w, err);
}
