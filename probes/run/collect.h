/* Turns what the maps hold into the measurement's locks, losses and statistics: groups rows by word, names
 * each word, translates numbers into terms. */
#ifndef HEAPWAIT_COLLECT_H
#define HEAPWAIT_COLLECT_H

#include "probes/mappings/sideband.h"
#include "probes/measurement/measurement.h"
#include "probes/names/naming.h"
#include "probes/run/ledger.h"
#include "probes/session/session.h"

#include <sys/types.h>

/* To be called after session_stop() and sideband_finish().  `pid`: the command's own process, for
 * locks_program(); 0: there is not exactly one.  `perf_file`: what perf recorded beside the probes; NULL:
 * nothing.  0 or negative errno, with a sentence; what *m holds by then goes with measurement_free(). */
int collect(struct session *session, struct sideband *sideband, pid_t pid, const char *perf_file,
            struct measurement *m, struct error *err);

#endif
