/* Figure: what does speed cost in memory?  Time to the left, peak resident set to the right of the same row.
 */
#include "plots/figures.h"
#include "plots/place.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define HEADING_CM 0.6
#define BOTTOM_CM  0.95
#define VALUE_CM   1.2

struct sides {
    double longest, largest; /* ms, MiB */
    double fastest, smallest;
    const struct variant *fast, *small;
    size_t shown;
};

static void best_note(struct sides *s, const struct variant *v, const struct median *time,
                      const struct median *memory)
{
    if (time->runs > 0 && (!s->fast || time->value < s->fastest)) {
        s->fastest = time->value;
        s->fast = v;
    }
    if (memory->runs > 0 && (!s->small || memory->value < s->smallest)) {
        s->smallest = memory->value;
        s->small = v;
    }
    s->longest = fmax(s->longest, fmax(time->value, time->high));
    s->largest = fmax(s->largest, fmax(memory->value, memory->high));
}

static int row_write(struct drawing *d, struct sides *s, size_t row, struct error *err)
{
    const struct lineup *l = d->lineup;
    const struct variant *v = &l->variants[row];
    struct median time = {0}, memory = {0};
    char *why = NULL;
    int rc =
        query_median(d->db,
                     "SELECT runs, median_ns / 1e6, low_ns / 1e6, high_ns / 1e6, coverage FROM wall_time "
                     "WHERE variant IS ?1 AND threads IS ?2 AND probes = 'none'",
                     v->name, l->subject_threads, &time, err);
    if (rc == 0)
        rc = query_median(
            d->db,
            "SELECT runs, median_bytes / 1048576.0, low_bytes / 1048576.0, high_bytes / 1048576.0, coverage "
            "FROM memory WHERE variant IS ?1 AND threads IS ?2 AND probes = 'none'",
            v->name, l->subject_threads, &memory, err);
    if (rc == 0 && (time.runs == 0 || memory.runs == 0))
        rc = drawing_why(d, v, l->subject_threads, "untraced", &why, err);
    if (rc == 0 && why) {
        drawing_miss(d, v, -2, why);
        rc = notes_add(d, memory.runs == 0 ? 1 : 0, row, 5, why);
    }
    if (memory.runs > 0) {
        s->shown++;
        drawing_caption_note(d, &memory);
    }
    best_note(s, v, &time, &memory);
    drawing_data_number(d, (double)row + 1, false);
    drawing_data_variant(d, v);
    drawing_data_threads(d, l->subject_threads);
    drawing_data_number(d, time.value, false);
    drawing_data_number(d, time.coverage > 0 ? time.low : NAN, false);
    drawing_data_number(d, time.coverage > 0 ? time.high : NAN, false);
    drawing_data_number(d, memory.value, false);
    drawing_data_number(d, memory.coverage > 0 ? memory.low : NAN, false);
    drawing_data_number(d, memory.coverage > 0 ? memory.high : NAN, false);
    drawing_data_text(d, why, true);
    free(why);
    return rc;
}

static void sides_place(struct drawing *d, const struct sides *s, double label_width)
{
    const double rows = ROW_CM * (double)d->lineup->count, height = HEADING_CM + rows + BOTTOM_CM;
    const double names = label_width + 0.3, side = (FIGURE_WIDTH - 0.3 - names) / 2;
    drawing_panels_define(d, 2, height);
    drawing_panel_define(d, 0, 0.15, 0.15 + side, HEADING_CM, HEADING_CM + rows, height);
    drawing_panel_define(d, 1, 0.15 + side + names, 0.15 + 2 * side + names, HEADING_CM, HEADING_CM + rows,
                         height);
    drawing_define_number(d, "TIME_MAX", s->longest > 0 ? s->longest * side / (side - VALUE_CM) : 1);
    drawing_define_number(d, "TIME_STEP", place_step(s->longest, 4));
    drawing_define_number(d, "SIZE_MAX", s->largest > 0 ? s->largest * side / (side - VALUE_CM) : 1);
    drawing_define_number(d, "SIZE_STEP", place_step(s->largest, 4));
}

/* Says "With 22 threads glibc+tcmalloc is the fastest (980 ms) and musl the smallest (101 MiB)." */
static void caption_write(struct drawing *d, const struct sides *s)
{
    FILE *out = d->caption.out;
    if (s->fast && s->small) {
        fputs("With ", out);
        drawing_caption_threads(out, d->lineup->subject_threads);
        fprintf(out, ", %s has the lowest median time (", s->fast->label);
        drawing_say_ns(out, s->fastest * 1e6);
        fprintf(out,
                s->fast == s->small ? ") and the lowest peak memory (" : ") and %s the lowest peak memory (",
                s->small->label);
        drawing_say_bytes(out, s->smallest * 1048576);
        fputs("). ", out);
    }
    fputs("Wall time of a whole run to the left, its peak resident set to the right; ", out);
    drawing_caption_interval(d);
    fputc('.', out);
}

int figure_memory(struct drawing *d, struct error *err)
{
    struct sides s = {0};
    const double label_width = drawing_rows_define(d, 4.2);
    drawing_data_header(
        d,
        "row\tvariant\tthreads\twall_ms\twall_low\twall_high\tpeak_mib\tpeak_low\tpeak_high\tnot_measured");
    for (size_t row = 0; row < d->lineup->count; row++) {
        const int rc = row_write(d, &s, row, err);
        if (rc < 0)
            return rc;
    }
    if (s.shown == 0 || s.longest <= 0 || s.largest <= 0)
        return drawing_refuse(
            d, "no untraced run at this number of threads says how long it took and how much memory it held");
    sides_place(d, &s, label_width);
    notes_define(d);
    caption_write(d, &s);
    return 0;
}
