/* Who waits: turns the call stacks that were taken into call paths with names, and adds them up by lock. */
#ifndef HEAPWAIT_WAITERS_H
#define HEAPWAIT_WAITERS_H

#include "probes/measurement/call_tree.h"
#include "probes/measurement/measurement.h"
#include "probes/names/locks.h"
#include "probes/session/session.h"

struct waiters;

/* To be called after session_stop(): takes the stacks out of the session.  `naming`, and `tree`, which gets
 * the paths, are borrowed until waiters_free(), with which *out is to be freed.  0 or negative errno, without
 * a sentence. */
int waiters_new(struct session *session, struct naming *naming, struct call_tree *tree, struct waiters **out);
/* NULL is fine. */
void waiters_free(struct waiters *w);

/* Fills the lock's waiters, which the lock owns, and adds their paths to `paths`.  `number`: the address
 * space that the lock's word is in; `space`: its mappings; NULL: not known.  0 or -ENOMEM. */
int waiters_of(struct waiters *w, uint32_t number, const struct address_space *space, struct lock *lock,
               struct word_paths *paths);

/* Returns how many stacks' paths found no room in the tree. */
uint64_t waiters_lost(const struct waiters *w);

#endif
