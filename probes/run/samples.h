/* Tells what the program was doing when a sample was taken: running its own code, the allocator's, the
 * lock's, copying; or what the kernel did for it. */
#ifndef HEAPWAIT_SAMPLES_H
#define HEAPWAIT_SAMPLES_H

#include "probes/mappings/sideband.h"
#include "probes/measurement/measurement.h"
#include "probes/names/naming.h"
#include "probes/session/session.h"

/* To be called after session_stop(), when m->ledger is there.  Adds to its samples a row for each class,
 * symbol and module, most samples first; their sum is the number of samples taken.  Adds their
 * call paths to m->paths, if any were kept.  0 or negative errno, without a sentence. */
int samples_classify(struct session *session, const struct sideband *sideband, struct naming *naming,
                     struct measurement *m);

/* Mode profile: makes m->ledger, which *m owns, with samples and nothing else; where there are none,
 * m->ledger stays NULL.  Results as above. */
int samples_collect(struct session *session, const struct sideband *sideband, struct naming *naming,
                    struct measurement *m);

#endif
