/* What else the machine was doing during many runs, added up and judged: what study and bench say when times
 * can't be trusted.  Reads nothing but the load average: the runs' own watches are host_load.h's. */
#ifndef HEAPWAIT_NOISE_H
#define HEAPWAIT_NOISE_H

#include "probes/host/host_load.h"

#include <stdbool.h>
#include <stddef.h>

struct noise {
    int64_t foreign_ns;            /* see host_load.h: signed on purpose */
    uint64_t steal_ns, watched_ns; /* watched_ns: wall time over which the two were counted */
    bool busy_before;
    char load[16]; /* the 1-minute load at the start */
};

/* Looks at the load average; prints a warning on stderr when the machine is busy. */
void noise_begin(struct noise *n);

/* One run's; nothing where it is not known. */
void noise_add(struct noise *n, const struct host_watched *watched);

/* Whether times were disturbed; then `text` says by what. */
bool noise_judge(const struct noise *n, char *text, size_t size);

#endif
