/* Following what runs already: marks the target, brings the mappings that its processes have, and waits until
 * the measurement is to end. */
#ifndef HEAPWAIT_OBSERVE_H
#define HEAPWAIT_OBSERVE_H

#include "probes/host/signals.h"
#include "probes/mappings/sideband.h"
#include "probes/measurement/measurement.h"
#include "probes/run/target.h"
#include "probes/session/session.h"

/* Opens the sideband and follows the target.  -ESRCH: none of its processes could be followed.  *note: what
 * the user should be told, malloc'd. */
int observe_follow(const struct target *t, struct session *session, struct sideband **sideband, char **note,
                   struct error *err);

/* To be called now and then: what the sideband has, and who has been moved into the cgroup. */
void observe_tend(const struct target *t, struct session *session, struct sideband *sideband);

/* Waits until until_ns (CLOCK_MONOTONIC; 0: no such end), or a signal, or until none of the target's
 * processes is left. */
int observe_wait(const struct target *t, struct session *session, struct sideband *sideband,
                 struct signals *signals, uint64_t until_ns, struct error *err);

#endif
