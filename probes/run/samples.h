/* What the program was doing when a sample was taken: its own code, the allocator's, the lock's, copying. */
#ifndef HEAPWAIT_SAMPLES_H
#define HEAPWAIT_SAMPLES_H

#include "probes/mappings/sideband.h"
#include "probes/measurement/measurement.h"
#include "probes/names/naming.h"
#include "probes/session/session.h"

/* Fills l->samples, one row per class, symbol and module, most samples first.  0 or negative errno. */
int samples_classify(struct session *session, const struct sideband *sideband, struct naming *naming,
                     struct ledger *l);

#endif
