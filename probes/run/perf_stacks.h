/* The samples of a `perf record` beside the probes, as call paths of the run.  The kernel's frames are those
 * of perf's call chain.  The user's frames are made from the copied stack by heapwait's own unwinder, so that
 * they reach through a C library without unwind tables, and every name is found as that of a lock's caller.
 */
#ifndef HEAPWAIT_PERF_STACKS_H
#define HEAPWAIT_PERF_STACKS_H

#include "probes/mappings/sideband.h"
#include "probes/measurement/measurement.h"
#include "probes/names/naming.h"

/* Adds the samples in `file` to m->paths, which is made if it is NULL, and what was lost of them to
 * m->losses.  0, also if the file can't be read, which m->perf_failure then tells; or -ENOMEM. */
int perf_stacks_collect(const char *file, const struct sideband *sideband, struct naming *naming,
                        struct measurement *m);

#endif
