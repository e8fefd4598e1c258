/* The rows of the recording's table `host`: what the machine is, what it did at the end, what a system call
 * costs on it.  Each function returns 0, or a negative errno with a sentence. */
#ifndef HEAPWAIT_RECORDING_FACTS_H
#define HEAPWAIT_RECORDING_FACTS_H

#include "probes/host/host.h"
#include "probes/measurement/calibration.h"
#include "probes/recording/recording.h"

/* Writes the facts, heapwait's version and the measured cost of a null system call.  Takes about 50 ms. */
int recording_facts_host(struct recording *r, const struct host_facts *facts, const char *heapwait_version,
                         struct error *err);

/* Writes what is known only at the end: load_average_end, ended_at. */
int recording_facts_end(struct recording *r, struct error *err);

/* Writes calibration_KIND_untraced_ns, _traced_ns, _seen_ns. */
int recording_facts_calibration(struct recording *r, const struct calibration *c, struct error *err);

#endif
