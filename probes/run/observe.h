/* Follows what runs already: marks the target, brings the mappings that its processes have, and waits until
 * the measurement is to end.  int results are 0 or negative errno, with a sentence. */
#ifndef HEAPWAIT_OBSERVE_H
#define HEAPWAIT_OBSERVE_H

#include "probes/host/signals.h"
#include "probes/mappings/sideband.h"
#include "probes/measurement/measurement.h"
#include "probes/run/target.h"
#include "probes/session/session.h"

/* Opens the sideband, which the caller closes in any case (NULL is fine), and follows the target.  If some of
 * its processes could not be followed *note is set to a sentence for the user, malloc'd; else it stays as it
 * is.  -ESRCH: none could be followed, they have ended; -EINVAL: none, they are the kernel's. */
int observe_follow(const struct target *t, struct session *session, struct sideband **sideband, char **note,
                   struct error *err);

/* To be called now and then: reads what the sideband has, and marks who has been moved into the cgroup. */
void observe_tend(const struct target *t, struct session *session, struct sideband *sideband);

/* Waits until until_ns (CLOCK_MONOTONIC; 0: no such end), or a signal, or until none of the target's
 * processes is left.  Tends the run meanwhile. */
int observe_wait(const struct target *t, struct session *session, struct sideband *sideband,
                 struct signals *signals, uint64_t until_ns, struct error *err);

#endif
