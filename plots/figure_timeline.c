/* Figure: what did every thread do in a few milliseconds (view timeline_stretch)?  A row per thread, of the
 * baseline and of the verdict's subject one above the other.  The window's place is the recorder's choice,
 * not ours: nothing was picked for its looks. */
#include "plots/figures.h"
#include "plots/states.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_MS 4.0 /* the recorder's; stretches reach out of it */
#define LEGEND_CM 0.6
#define TITLE_CM  0.55
#define TICS_CM   1.0
#define ROWS_CM   5.0 /* what the rows of one variant may take */
#define LEFT_CM   1.1

enum { LANES = 2 };

struct lane {
    const struct variant *variant;
    size_t rows;
    double ns[GROUPS], whole; /* sums over the window and all threads */
    int64_t thread;           /* the thread that was read last */
};

struct timeline {
    struct lane lanes[LANES];
    size_t count, shown;
    double until;
};

static void stretch_write(struct drawing *d, struct lane *lane, size_t index, sqlite3_stmt *row)
{
    const int64_t thread = sqlite3_column_int64(row, 0);
    const char *state = (const char *)sqlite3_column_text(row, 1);
    const char *kind = (const char *)sqlite3_column_text(row, 2);
    const enum group g = group_find(state, kind);
    const double from = query_number(row, 3) / 1e6, until = fmin(query_number(row, 4) / 1e6, WINDOW_MS);
    const enum group shown = state && !strcmp(state, "futex_blocked") ? GROUP_ASLEEP_MALLOC
                             : g == GROUP_RANDOM                      ? GROUP_KERNEL
                             : g == GROUP_MMAP_LOCK                   ? group_find(NULL, kind)
                                                                      : g;
    if (lane->rows == 0 || thread != lane->thread)
        lane->rows++;
    lane->thread = thread;
    lane->ns[shown] += until - from;
    lane->whole += until - from;
    drawing_data_number(d, (double)index + 1, false);
    drawing_data_variant(d, lane->variant);
    drawing_data_threads(d, d->lineup->subject_threads);
    drawing_data_number(d, (double)lane->rows, false);
    drawing_data_number(d, (double)thread, false);
    drawing_data_text(d, state, false);
    drawing_data_number(d, shown, false);
    drawing_data_number(d, from, false);
    drawing_data_number(d, until, true);
}

static int lane_read(struct drawing *d, struct timeline *t, const struct variant *v, struct error *err)
{
    struct lane *lane = &t->lanes[t->count];
    sqlite3_stmt *row = NULL;
    *lane = (struct lane){.variant = v};
    int rc = query_open(d->db,
                        "SELECT thread, state, kind, from_ns, until_ns FROM timeline_stretch "
                        "WHERE variant IS ?1 AND threads IS ?2 AND from_ns < 4000000 "
                        "ORDER BY thread, from_ns, until_ns",
                        v->name, d->lineup->subject_threads, &row, err);
    while (rc == 0 && (rc = drawing_row(d, row, err)) == 1) {
        t->until = fmax(t->until, fmin(query_number(row, 4) / 1e6, WINDOW_MS));
        stretch_write(d, lane, t->count, row);
        rc = 0;
    }
    sqlite3_finalize(row);
    if (lane->rows > 0)
        t->count++;
    else if (rc == 0)
        drawing_miss(d, v, -2, "no timeline");
    return rc;
}

static int lanes_read(struct drawing *d, struct timeline *t, struct error *err)
{
    const struct lineup *l = d->lineup;
    if (!l->study)
        return l->count ? lane_read(d, t, &l->variants[0], err) : 0;
    const struct variant *b = l->baseline ? lineup_find(l, l->baseline) : NULL;
    const struct variant *s = l->subject ? lineup_find(l, l->subject) : NULL;
    int rc = b ? lane_read(d, t, b, err) : 0;
    if (rc == 0 && s && s != b)
        rc = lane_read(d, t, s, err);
    return rc;
}

static void legend_define(struct drawing *d)
{
    static const struct {
        enum group group;
        const char *name;
    } items[] = {
        {GROUP_USER, "running"},
        {GROUP_FUTEX, "in a futex call"},
        {GROUP_KERNEL, "in the kernel, else"},
        {GROUP_RUNNABLE, "waiting for a CPU"},
        {GROUP_ASLEEP_MALLOC, "asleep for a futex"},
        {GROUP_ASLEEP, "asleep, else"},
    };
    const size_t count = sizeof items / sizeof *items;
    drawing_define_number(d, "ITEMS", (double)count);
    drawing_define_array(d, "ITEM", count);
    drawing_define_array(d, "ITEM_PAINT", count);
    for (size_t i = 0; i < count; i++) {
        drawing_define_item_text(d, "ITEM", i, items[i].name);
        drawing_define_item(d, "ITEM_PAINT", i, (double)items[i].group + 1);
    }
}

static void lanes_place(struct drawing *d, const struct timeline *t)
{
    double heights[LANES], height = LEGEND_CM + TICS_CM, top = LEGEND_CM;
    for (size_t i = 0; i < t->count; i++) {
        heights[i] = fmin(0.34 * (double)t->lanes[i].rows, ROWS_CM);
        height += TITLE_CM + heights[i];
    }
    drawing_panels_define(d, t->count, height);
    drawing_define_array(d, "ROWS", t->count);
    drawing_define_array(d, "NAME", t->count);
    drawing_define_array(d, "COLOUR", t->count);
    for (size_t i = 0; i < t->count; i++) {
        const struct variant *v = t->lanes[i].variant;
        drawing_panel_define(d, i, LEFT_CM, FIGURE_WIDTH - 0.2, top + TITLE_CM, top + TITLE_CM + heights[i],
                             height);
        top += TITLE_CM + heights[i];
        drawing_define_item(d, "ROWS", i, (double)t->lanes[i].rows);
        drawing_define_item_text(d, "NAME", i, v->label);
        drawing_define_item(d, "COLOUR", i, v->ink.words);
    }
    drawing_define_number(d, "UNTIL", t->until > 0 ? t->until : WINDOW_MS);
}

static void caption_write(struct drawing *d, const struct timeline *t)
{
    FILE *out = d->caption.out;
    for (size_t i = 0; i < t->count; i++) {
        const struct lane *lane = &t->lanes[i];
        if (lane->whole <= 0)
            continue;
        fprintf(out, "%s: ", d->lineup->study ? lane->variant->label : "The command");
        drawing_say_share(out, lane->ns[GROUP_FUTEX] / lane->whole);
        fputs(" of the threads’ time in futex calls, ", out);
        drawing_say_share(out, lane->ns[GROUP_ASLEEP_MALLOC] / lane->whole);
        fputs(" asleep for a futex, ", out);
        drawing_say_share(out, lane->ns[GROUP_RUNNABLE] / lane->whole);
        fputs(" waiting for a CPU. ", out);
    }
    fputs("One row per thread", out);
    if (d->lineup->study) {
        fputs(", with ", out);
        drawing_caption_threads(out, d->lineup->subject_threads);
    }
    fputs("; the window begins 40 ms after the program’s start. A thread that joins others is asleep for a "
          "futex as well.",
          out);
}

int figure_timeline(struct drawing *d, struct error *err)
{
    struct timeline t = {.count = 0};
    drawing_data_header(d, "panel\tvariant\tthreads\trow\tthread\tstate\tpaint\tfrom_ms\tuntil_ms");
    const int rc = lanes_read(d, &t, err);
    if (rc < 0)
        return rc;
    if (t.count == 0)
        return drawing_refuse(d, "no ledger run has a timeline");
    lanes_place(d, &t);
    legend_define(d);
    caption_write(d, &t);
    return 0;
}
