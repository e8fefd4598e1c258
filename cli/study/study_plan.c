/* See study_plan.h.  Changing anything here breaks --resume of older recordings. */
#include "cli/study/study_plan.h"

#include "cli/terminal/random.h"

#include <stdlib.h>

enum { PROBE_MODES = 3 }; /* enum probe_mode */

/* Returns the round of repetition k.  It is one of the k-th of `reps` equal stretches of the rounds:
 * repetitions are spread over the whole session, and not always in the same rounds for every cell. */
static unsigned round_choose(unsigned k, unsigned reps, unsigned rounds, uint64_t *state)
{
    unsigned first = (unsigned)((uint64_t)k * rounds / reps);
    unsigned end = (unsigned)((uint64_t)(k + 1) * rounds / reps);
    return 1 + first + (unsigned)random_below(state, end - first);
}

static size_t cells_of_variant(const struct plan_shape *shape, size_t variant)
{
    return shape->own_threads[variant] ? 1 : shape->thread_count;
}

static unsigned reps_of(const struct plan_shape *shape, enum probe_mode probes)
{
    return probes == PROBES_NONE    ? shape->reps
           : probes == PROBES_WAITS ? shape->waits_reps
                                    : shape->ledger_reps;
}

static unsigned rounds_of(const struct plan_shape *shape)
{
    unsigned rounds = 0;
    for (int probes = 0; probes < PROBE_MODES; probes++)
        if (reps_of(shape, probes) > rounds)
            rounds = reps_of(shape, probes);
    return rounds;
}

/* Appends all repetitions of one kind of cell. */
static size_t kind_add(const struct plan_shape *shape, struct plan_cell kind, struct plan_cell *out,
                       uint64_t *state)
{
    unsigned reps = reps_of(shape, kind.probes);
    for (unsigned k = 0; k < reps; k++) {
        kind.rep = round_choose(k, reps, rounds_of(shape), state);
        out[k] = kind;
    }
    return reps;
}

static size_t cells_fill(const struct plan_shape *shape, struct plan_cell *cells, uint64_t *state)
{
    size_t n = 0;
    for (size_t v = 0; v < shape->variant_count; v++)
        for (size_t t = 0; t < cells_of_variant(shape, v); t++)
            for (int probes = 0; probes < PROBE_MODES; probes++) {
                struct plan_cell kind = {.variant = (unsigned)v, .probes = probes};
                kind.kind = (unsigned)((v * shape->thread_count + t) * PROBE_MODES) + (unsigned)probes;
                kind.threads = shape->own_threads[v] ? 0 : shape->threads[t];
                n += kind_add(shape, kind, cells + n, state);
            }
    return n;
}

/* Chooses the order of a round's stretches: a coin for the first two, then a place among them for the
 * ledger's.  Without a ledger the order is as it was before there was one, so that older studies can be
 * resumed. */
static void stretches_order(const struct plan_shape *shape, enum probe_mode order[PROBE_MODES],
                            uint64_t *state)
{
    bool waits_first = random_below(state, 2);
    size_t place = shape->ledger_reps ? random_below(state, PROBE_MODES) : PROBE_MODES - 1;
    for (size_t i = 0, other = 0; i < PROBE_MODES; i++) {
        if (i == place)
            order[i] = PROBES_LEDGER;
        else
            order[i] = waits_first == (other++ == 0) ? PROBES_WAITS : PROBES_NONE;
    }
}

/* Appends the cells of one stretch of a round, in the order in which they stand. */
static size_t stretch_copy(const struct plan_cell *from, size_t count, unsigned round, enum probe_mode probes,
                           struct plan_cell *to)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (from[i].rep == round && from[i].probes == probes)
            to[n++] = from[i];
    return n;
}

/* Sorts by rounds and stretches.  It is stable, so that the order within a stretch is the shuffle's. */
static void rounds_sort(const struct plan_shape *shape, const struct plan_cell *from, struct plan_cell *to,
                        size_t count, uint64_t *state)
{
    for (unsigned round = 1; round <= rounds_of(shape); round++) {
        enum probe_mode order[PROBE_MODES];
        stretches_order(shape, order, state);
        for (size_t i = 0; i < PROBE_MODES; i++)
            to += stretch_copy(from, count, round, order[i], to);
    }
}

static uint64_t cells_count(const struct plan_shape *shape)
{
    uint64_t kinds = 0, reps = 0;
    for (size_t v = 0; v < shape->variant_count; v++)
        kinds += cells_of_variant(shape, v);
    for (int probes = 0; probes < PROBE_MODES; probes++)
        reps += reps_of(shape, probes);
    return kinds > PLAN_MAX_CELLS ? UINT64_MAX : kinds * (reps + shape->perf);
}

size_t study_plan_kinds(const struct plan_shape *shape)
{
    return shape->variant_count * (shape->thread_count ? shape->thread_count : 1) * (PROBE_MODES + 1);
}

/* Fills in the runs beside the rounds, in the order of presentation: their times are compared with nobody's.
 */
static void perf_fill(const struct plan_shape *shape, struct plan_cell *cells)
{
    size_t n = 0;
    for (size_t v = 0; v < shape->variant_count; v++)
        for (size_t t = 0; t < cells_of_variant(shape, v); t++)
            cells[n++] = (struct plan_cell){
                .variant = (unsigned)v,
                .threads = shape->own_threads[v] ? 0 : shape->threads[t],
                .probes = PROBES_WAITS,
                .kind = (unsigned)(shape->variant_count * shape->thread_count * PROBE_MODES +
                                   v * shape->thread_count + t),
            };
}

static size_t perf_count(const struct plan_shape *shape)
{
    size_t count = 0;
    for (size_t v = 0; v < shape->variant_count && shape->perf; v++)
        count += cells_of_variant(shape, v);
    return count;
}

struct plan_cell *study_plan_make(const struct plan_shape *shape, uint64_t seed, size_t *count)
{
    uint64_t total = cells_count(shape), state = seed;
    if (!total || total > PLAN_MAX_CELLS)
        return NULL;
    struct plan_cell *mixed = calloc(total, sizeof(*mixed));
    struct plan_cell *ordered = calloc(total, sizeof(*ordered));
    if (mixed && ordered) {
        const size_t timed = total - perf_count(shape);
        cells_fill(shape, mixed, &state);
        /* a random order of all is a random order of each part, too */
        random_shuffle(mixed, timed, sizeof(*mixed), &state);
        rounds_sort(shape, mixed, ordered, timed, &state);
        if (shape->perf)
            perf_fill(shape, ordered + timed);
        *count = total;
    } else {
        free(ordered);
        ordered = NULL;
    }
    free(mixed);
    return ordered;
}
