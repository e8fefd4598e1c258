/* System calls on memory, by process and kind. */
#ifndef HEAPWAIT_MEMORY_CALLS_H
#define HEAPWAIT_MEMORY_CALLS_H

#include "probes/measurement/measurement.h"
#include "probes/session/session.h"

/* To be called after session_stop().  Makes m->memory: of each process that made such calls all kinds, zeros
 * included, ordered by process and kind.  0 or negative errno, without a sentence. */
int memory_calls_collect(struct session *session, struct measurement *m);

#endif
