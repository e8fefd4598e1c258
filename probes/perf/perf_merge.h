/* The texts of several pieces of a session as one, in order of time.  A piece ends for each CPU when its
 * buffer is read, so that neighbours overlap by some milliseconds; each for itself is in order. */
#ifndef HEAPWAIT_PERF_MERGE_H
#define HEAPWAIT_PERF_MERGE_H

#include "probes/perf/perf_pieces.h"
#include "probes/perf/perf_script.h"
#include "probes/perf/perf_source.h"

/* Feeds all to `script`; what perf warned of is added to *how.  `stop` is asked now and then; true: stop.  0
 * or negative errno, with a sentence: -ECANCELED: `stop` said so; else as of perf_source.h. */
int perf_merge_read(const struct perf_pieces *pieces, struct perf_script *script, struct perf_reading *how,
                    bool (*stop)(void *context), void *context, struct error *err);

#endif
