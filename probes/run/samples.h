/* Tells what the program was doing when a sample was taken: running its own code, the allocator's, the
 * lock's, copying. */
#ifndef HEAPWAIT_SAMPLES_H
#define HEAPWAIT_SAMPLES_H

#include "probes/mappings/sideband.h"
#include "probes/measurement/measurement.h"
#include "probes/names/naming.h"
#include "probes/session/session.h"

/* To be called after session_stop().  Adds to l->samples a row for each class, symbol and module, most
 * samples first.  0 or negative errno, without a sentence. */
int samples_classify(struct session *session, const struct sideband *sideband, struct naming *naming,
                     struct ledger *l);

#endif
