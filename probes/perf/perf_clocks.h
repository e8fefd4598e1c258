/* Which of a session's clocks count.  Samples of two clocks of one CPU would count the same time twice; those
 * of two kinds of CPU (cpu_core/cycles/, cpu_atom/cycles/), or of the user's and the kernel's code (cycles:u,
 * cycles:k), are the parts of one. */
#ifndef HEAPWAIT_PERF_CLOCKS_H
#define HEAPWAIT_PERF_CLOCKS_H

#include "probes/perf/perf_session.h"

enum { MAX_CLOCKS = 16 };

/* Zeros: none was met yet. */
struct perf_clocks {
    char *names[MAX_CLOCKS]; /* of the events; malloc'd */
    bool counts[MAX_CLOCKS];
    size_t count;
};

/* Returns true if samples of the event count: it is the first clock that was met, or a part of that.  Sets
 * *failed if there is no memory. */
bool perf_clocks_take(struct perf_clocks *c, const struct perf_session *session, const char *event,
                      bool *failed);

/* Frees what *c holds. */
void perf_clocks_free(struct perf_clocks *c);

#endif
