/* One run of one command, probed or not: what `record` and `study` have in common.
 * Owns the order of things (load probes, start the command stopped, mark it, let it go, reap it, read the
 * maps, name the words).  Does not write the recording and prints nothing. */
#ifndef HEAPWAIT_MEASURE_H
#define HEAPWAIT_MEASURE_H

#include "analysis/base/error.h"
#include "probes/measurement/measurement.h"
#include "probes/measurement/options.h"

/* Runs the command once (or watches the target, for as long as it is told) and fills *out; free with
 * measurement_free(). 0: it ran (however it ended).  -ENOENT, -EACCES, -ENOEXEC...: it could not be executed,
 * *exec_failed is true. -EPERM and others: the probes can't be used, the command was not run.  `err` has the
 * sentence. */
int measure_run(const struct measure_options *options, struct measurement **out, bool *exec_failed,
                struct error *err);

#endif
