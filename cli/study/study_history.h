/* What a study has learnt of its cells so far: how long they take (for the time left) and whether they keep
 * failing (then no more time is spent on them).  Never written to the recording; --resume starts with an
 * empty one, so that what failed is tried again. */
#ifndef HEAPWAIT_STUDY_HISTORY_H
#define HEAPWAIT_STUDY_HISTORY_H

#include "cli/study/study_plan.h"

enum {
    GIVE_UP_KIND = 2,    /* failures in a row of one cell: it is taken to fail always */
    GIVE_UP_VARIANT = 3, /* failures of a variant that never succeeded, whatever the cell: it is broken */
};

struct history;

/* Returns a history of nothing, for so many variants and kinds of cells; NULL: out of memory. */
struct history *history_new(size_t variants, size_t kinds);
/* NULL is fine. */
void history_free(struct history *h);

/* Takes note that the cell of the plan is still to be run. */
void history_expect(struct history *h, const struct plan_cell *cell);

/* Takes note of a run of the cell, which took `ns` with all that belongs to it. */
void history_note(struct history *h, const struct plan_cell *cell, uint64_t ns, bool failed);

/* Takes note that the cell is not run: it was already, or it is given up. */
void history_skip(struct history *h, const struct plan_cell *cell);

/* Takes note of a warm-up of the variant, which took `ns`: that is no cell's run, but better than nothing for
 * the time left. */
void history_warm_up(struct history *h, unsigned variant, uint64_t ns, bool failed);

/* Returns how many failures make this cell a waste of time; 0: run it. */
unsigned history_given_up(const struct history *h, const struct plan_cell *cell);

/* Returns the best guess of the time that all expected runs will take, in ns; UINT64_MAX: nothing is known
 * yet. */
uint64_t history_left_ns(const struct history *h);

#endif
