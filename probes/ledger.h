/* Mode ledger in user space: turns the accounts that the maps hold into the measurement's ledger.  Divides
 * futex time into malloc's and other by the names that the words have got, and samples of user code into
 * classes. */
#ifndef HEAPWAIT_LEDGER_H
#define HEAPWAIT_LEDGER_H

#include "probes/measurement.h"
#include "probes/naming.h"
#include "probes/session.h"
#include "probes/sideband.h"

/* What each thread spent at words that are malloc's: filled word by word, used when the threads are. */
struct futex_split;

/* For `threads` threads, numbered from 1. */
struct futex_split *futex_split_new(uint32_t threads);
void futex_split_free(struct futex_split *split);
/* One row of a word that is a malloc lock. */
void futex_split_add(struct futex_split *split, const struct word_row *row);

/* After session_stop(): fills m->ledger.  0 or negative errno. */
int ledger_collect(struct session *session, const struct sideband *sideband, struct naming *naming,
                   const struct futex_split *split, struct measurement *m);

#endif
