/* See study_plan.h.  Random numbers: SplitMix64 (G. Steele, D. Lea, C. Flood: "Fast splittable pseudorandom
 * number generators", OOPSLA 2014; constants as in S. Vigna's public-domain splitmix64.c).  It is our own so
 * that a seed gives the same order on every libc.  Changing anything here breaks --resume of older
 * recordings. */
#include "cli/study_plan.h"

#include <stdlib.h>

static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Uniform in [0, n), n > 0.  The first 2^64 mod n values are refused, else low results would be likelier. */
static uint64_t random_below(uint64_t *state, uint64_t n)
{
    uint64_t refused = -n % n, x;
    do
        x = random_next(state);
    while (x < refused);
    return x % n;
}

/* Fisher-Yates (Durstenfeld's form). */
static void cells_shuffle(struct plan_cell *cells, size_t count, uint64_t *state)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = random_below(state, i);
        struct plan_cell kept = cells[i - 1];
        cells[i - 1] = cells[j];
        cells[j] = kept;
    }
}

/* Repetition k of `reps` takes place in one round of the k-th of `reps` equal stretches of the `rounds`:
 * spread over the whole session, and not always in the same rounds for every cell. */
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

/* Appends all repetitions of one kind of cell. */
static size_t kind_add(const struct plan_shape *shape, struct plan_cell kind, struct plan_cell *out,
                       uint64_t *state)
{
    unsigned rounds = shape->reps > shape->traced_reps ? shape->reps : shape->traced_reps;
    unsigned reps = kind.traced ? shape->traced_reps : shape->reps;
    for (unsigned k = 0; k < reps; k++) {
        kind.rep = round_choose(k, reps, rounds, state);
        out[k] = kind;
    }
    return reps;
}

static size_t cells_fill(const struct plan_shape *shape, struct plan_cell *cells, uint64_t *state)
{
    size_t n = 0;
    for (size_t v = 0; v < shape->variant_count; v++)
        for (size_t t = 0; t < cells_of_variant(shape, v); t++)
            for (int traced = 0; traced < 2; traced++) {
                struct plan_cell kind = {.variant = (unsigned)v, .traced = traced};
                kind.kind = (unsigned)((v * shape->thread_count + t) * 2) + (unsigned)traced;
                kind.threads = shape->own_threads[v] ? 0 : shape->threads[t];
                n += kind_add(shape, kind, cells + n, state);
            }
    return n;
}

/* Appends the cells of a round that are traced or not, in the order in which they stand. */
static size_t stretch_copy(const struct plan_cell *from, size_t count, unsigned round, bool traced,
                           struct plan_cell *to)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (from[i].rep == round && from[i].traced == traced)
            to[n++] = from[i];
    return n;
}

/* Stable, so that the order within a stretch is the shuffle's. */
static void rounds_sort(const struct plan_cell *from, struct plan_cell *to, size_t count, unsigned rounds,
                        uint64_t *state)
{
    for (unsigned round = 1; round <= rounds; round++) {
        bool traced_first = random_below(state, 2);
        to += stretch_copy(from, count, round, traced_first, to);
        to += stretch_copy(from, count, round, !traced_first, to);
    }
}

static uint64_t cells_count(const struct plan_shape *shape)
{
    uint64_t kinds = 0;
    for (size_t v = 0; v < shape->variant_count; v++)
        kinds += cells_of_variant(shape, v);
    if (kinds > PLAN_MAX_CELLS)
        return UINT64_MAX;
    return kinds * ((uint64_t)shape->reps + shape->traced_reps);
}

size_t plan_kinds(const struct plan_shape *shape)
{
    return shape->variant_count * (shape->thread_count ? shape->thread_count : 1) * 2;
}

struct plan_cell *plan_make(const struct plan_shape *shape, uint64_t seed, size_t *count)
{
    uint64_t total = cells_count(shape), state = seed;
    if (!total || total > PLAN_MAX_CELLS)
        return NULL;
    struct plan_cell *mixed = calloc(total, sizeof(*mixed));
    struct plan_cell *ordered = calloc(total, sizeof(*ordered));
    if (mixed && ordered) {
        unsigned rounds = shape->reps > shape->traced_reps ? shape->reps : shape->traced_reps;
        cells_fill(shape, mixed, &state);
        cells_shuffle(mixed, total, &state); /* a random order of all is one of each part */
        rounds_sort(mixed, ordered, total, rounds, &state);
        *count = total;
    } else {
        free(ordered);
        ordered = NULL;
    }
    free(mixed);
    return ordered;
}
