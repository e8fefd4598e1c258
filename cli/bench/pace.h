/* How fast the machine runs at the moment, against its own best: on a virtual machine the neighbours of a
 * core (a hyperthread of somebody else's, a lower clock) can make all work up to twice as slow, for seconds
 * on end and without a trace in /proc/stat.  A ratio of two runs is worth nothing when one of them met that.
 * The surprising fact: which CPUs are slow changes each second or so, so that it is enough to wait. */
#ifndef HEAPWAIT_PACE_H
#define HEAPWAIT_PACE_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct pace;

/* What came of the runs that were looked after. */
struct pace_counts {
    uint64_t runs;      /* that count */
    uint64_t repeated;  /* thrown away: the machine was slow just before or just after */
    uint64_t disturbed; /* count although it was: it did not recover in time */
};

/* Looks for the best pace of each CPU that heapwait may use, for `search_ns`; the last half of it without
 * finding a better one.  One that is found later counts from then on.  0 or negative errno with *err set.  To
 * be freed by pace_free(). */
int pace_open(uint64_t search_ns, struct pace **out, struct error *err);

/* Waits until the CPUs run at their best pace, as pace_is_best() tells, for some seconds at most; false: they
 * don't. */
bool pace_wait(struct pace *p);

/* Whether they do now: none but one in eight is slower than its best by more than a fifth.  Takes a
 * millisecond or two of each CPU. */
bool pace_is_best(struct pace *p);

/* To be filled by whoever runs something. */
struct pace_counts *pace_counts(struct pace *p);

/* NULL is fine. */
void pace_free(struct pace *p);

#endif
