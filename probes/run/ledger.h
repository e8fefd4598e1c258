/* Mode ledger in user space: turns the accounts that the maps hold into the measurement's ledger.  Divides
 * futex time into malloc's and other by the names that the words have got, and samples of user code into
 * classes. */
#ifndef HEAPWAIT_LEDGER_H
#define HEAPWAIT_LEDGER_H

#include "probes/mappings/sideband.h"
#include "probes/measurement/measurement.h"
#include "probes/names/futex_split.h"
#include "probes/names/naming.h"
#include "probes/session/session.h"

/* After session_stop(): fills m->ledger.  0 or negative errno. */
int ledger_collect(struct session *session, const struct sideband *sideband, struct naming *naming,
                   const struct futex_split *split, struct measurement *m);

#endif
