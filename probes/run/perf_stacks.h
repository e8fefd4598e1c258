/* The samples of a `perf record` beside the probes, as call paths of the run: kernel frames from perf's call
 * chain, the user's from the copied stack by heapwait's own unwinder, so that they reach through a C library
 * without unwind tables, and so that every name is found as a lock's caller's is. */
#ifndef HEAPWAIT_PERF_STACKS_H
#define HEAPWAIT_PERF_STACKS_H

#include "probes/mappings/sideband.h"
#include "probes/measurement/measurement.h"
#include "probes/names/naming.h"

/* Adds the samples in `file` to m->paths and what was lost of them to m->losses.  0, also when the file can't
 * be read, which m->perf_failure then tells; -ENOMEM. */
int perf_stacks_collect(const char *file, const struct sideband *sideband, struct naming *naming,
                        struct measurement *m);

#endif
