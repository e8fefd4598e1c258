/* The order of a study: which cell is run when.  A pure function of its shape and a seed, so that a study can
 * be repeated, and one that was interrupted can go on.  Knows nothing of commands or clocks.
 *
 * A round holds every (variant, thread count) once untraced, and some of them traced, in mode waits, in mode
 * ledger or both; what is compared in the analysis are runs of the same round, so that a slow drift of the
 * machine hits all alike.  Within a round the runs of each kind come in one stretch, the stretches in random
 * order, and so the runs in each: to detach probes takes the kernel most of a second, a session has one mode,
 * and untraced runs must not have any probes attached.  Runs for call paths alone come after all rounds.
 */
#ifndef HEAPWAIT_STUDY_PLAN_H
#define HEAPWAIT_STUDY_PLAN_H

#include "probes/measurement/measurement.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wide enough for any sane study and small enough that a plan's size cannot overflow. */
enum { PLAN_MAX_CELLS = 1000000 };

struct plan_shape {
    size_t variant_count;
    const bool
        *own_threads; /* per variant: its command chooses its thread count, it has one cell with threads 0 */
    const unsigned *threads;
    size_t thread_count;
    unsigned reps, waits_reps, ledger_reps; /* of each cell: untraced, and in the two modes (may be 0) */
    bool perf;                              /* one more for each cell, with samples of perf's */
};

struct plan_cell {
    unsigned variant; /* index into the shape's variants */
    unsigned threads; /* 0: the command's own */
    enum probe_mode probes;
    unsigned rep;  /* the round, 1-based; 0: beside the rounds, for its call paths (then perf samples it) */
    unsigned kind; /* the same for all repetitions of a cell, below study_plan_kinds() */
};

/* Returns the cells in the order in which they are run, malloc'd; the cell at index i has position i + 1.
 * NULL: they are more than PLAN_MAX_CELLS, or none, or there is no memory. */
struct plan_cell *study_plan_make(const struct plan_shape *shape, uint64_t seed, size_t *count);

/* Returns a number that every plan_cell.kind is below. */
size_t study_plan_kinds(const struct plan_shape *shape);

#endif
