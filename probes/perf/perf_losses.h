/* What an import couldn't keep, as losses of the measurement, and whether the sum of all that was read comes
 * out.  Private to the import, as perf_import_private.h is. */
#ifndef HEAPWAIT_PERF_LOSSES_H
#define HEAPWAIT_PERF_LOSSES_H

#include "probes/measurement/measurement.h"
#include "probes/perf/perf_import_private.h"

/* Adds a row to *m for each reason that the session could tell of, 0 where nothing was lost; to be called
 * when samples and words are in *m.  `no_room`: samples whose path found none in the tree.  0 or -ENOMEM. */
int perf_losses_add(const struct importer *im, struct measurement *m, uint64_t no_room);

#endif
