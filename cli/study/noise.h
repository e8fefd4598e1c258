/* What else the machine was doing during many runs, added up and judged: what a study says if times can't be
 * trusted.  Reads nothing but the load average: the runs' own watches are host_load.h's. */
#ifndef HEAPWAIT_NOISE_H
#define HEAPWAIT_NOISE_H

#include "probes/host/host_load.h"

#include <stdbool.h>
#include <stddef.h>

struct noise {
    int64_t foreign_ns;            /* see host_load.h; its sign is kept on purpose */
    uint64_t steal_ns, watched_ns; /* watched_ns: wall time over which the other two were counted */
    bool busy_before;
    char load[16]; /* the 1-minute load at the start */
};

/* Begins: looks at the load average, and prints a warning on stderr if the machine is busy. */
void noise_begin(struct noise *n);

/* Adds one run's; nothing if it is not known. */
void noise_add(struct noise *n, const struct host_watched *watched);

/* Returns true if times were disturbed, and writes to text[size] what the machine did. */
bool noise_judge(const struct noise *n, char *text, size_t size);

#endif
