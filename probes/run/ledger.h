/* Mode ledger in user space: turns the accounts that the maps hold into the measurement's ledger.  The names
 * that the words have got divide futex time into malloc's and other; samples of user code get classes. */
#ifndef HEAPWAIT_LEDGER_H
#define HEAPWAIT_LEDGER_H

#include "probes/mappings/sideband.h"
#include "probes/measurement/measurement.h"
#include "probes/names/futex_split.h"
#include "probes/names/naming.h"
#include "probes/session/session.h"

/* To be called after session_stop().  Makes m->ledger, which *m owns.  0 or negative errno, without a
 * sentence. */
int ledger_collect(struct session *session, const struct sideband *sideband, struct naming *naming,
                   const struct futex_split *split, struct measurement *m);

#endif
