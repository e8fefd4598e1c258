/* How fast the machine runs at the moment, against its own best.  On a virtual machine the neighbours of a
 * core (a hyperthread of somebody else's, a lower clock) can make all work up to twice as slow, for seconds
 * on end and without a trace in /proc/stat.  A ratio of two runs is worth nothing if one of them met that.
 * Which CPUs are slow changes each second or so: it is enough to wait. */
#ifndef HEAPWAIT_PACE_H
#define HEAPWAIT_PACE_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct pace;

/* What came of the runs that were looked after. */
struct pace_counts {
    uint64_t runs;      /* runs that count */
    uint64_t repeated;  /* runs thrown away: the machine was slow just before or just after */
    uint64_t disturbed; /* runs that count although it was: it did not recover in time */
};

/* Looks for the best pace of each CPU that heapwait may use, for `search_ns`, and on until no better one was
 * found for half of that.  One that is found later counts from then on.  *out is to be freed with
 * pace_free().  0 or negative errno, with a sentence. */
int pace_open(uint64_t search_ns, struct pace **out, struct error *err);

/* Waits until the CPUs run at their best pace, as pace_is_best() tells, for some seconds at most.  Returns
 * false if they don't. */
bool pace_wait(struct pace *p);

/* Returns true if they do now: no more than one CPU in eight is slower than its best by more than a fifth.
 * Takes a millisecond or two of each CPU. */
bool pace_is_best(struct pace *p);

/* Returns the counts, owned by *p, for whoever runs something to fill. */
struct pace_counts *pace_counts(struct pace *p);

/* NULL is fine. */
void pace_free(struct pace *p);

#endif
