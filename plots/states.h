/* The ledger's states in the few groups that a figure can tell apart, the same ones in every figure.  Their
 * colours are LEDGER[] in style.gp, in this order. */
#ifndef HEAPWAIT_STATES_H
#define HEAPWAIT_STATES_H

#include "plots/drawing.h"

enum group {
    GROUP_USER,
    GROUP_ALLOCATOR,
    GROUP_LOCK,
    GROUP_FUTEX,
    GROUP_RANDOM,
    GROUP_KERNEL,
    GROUP_MMAP_LOCK, /* spinning and asleep */
    GROUP_PROBES,
    GROUP_RUNNABLE,
    GROUP_ASLEEP_MALLOC,
    GROUP_ASLEEP,
    GROUP_REST, /* no thread's: idle cores, other processes, unexplained */
    GROUPS,
};

/* Returns the group of a state; `kind` is as in the view ledger_state; either may be NULL. */
enum group group_find(const char *state, const char *kind);
const char *group_name(enum group group);   /* its name in a legend */
const char *group_column(enum group group); /* its column in a data file */

#endif
