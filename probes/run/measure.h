/* One run of one command, probed or not: what `record` and `study` have in common.
 * Owns the order of things (load probes, start the command stopped, mark it, let it go, reap it, read the
 * maps, name the words).  Does not write the recording and prints nothing. */
#ifndef HEAPWAIT_MEASURE_H
#define HEAPWAIT_MEASURE_H

#include "analysis/base/error.h"
#include "probes/measurement/measurement.h"
#include "probes/measurement/options.h"

/* Runs the command once, or watches the target for as long as it is told, and fills *out, which is to be
 * freed with measurement_free().  A session of the options' is left empty and attached, ready for another
 * run.
 *
 * 0: it ran, however it ended.  Else negative errno, with a sentence.  If *exec_failed is true then, the
 * command could not be executed (-ENOENT, -EACCES, -ENOEXEC...); else the command was not run (-EPERM: the
 * probes can't be used), or what was measured can't be brought back. */
int measure_run(const struct measure_options *options, struct measurement **out, bool *exec_failed,
                struct error *err);

#endif
