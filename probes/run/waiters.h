/* Who waits: turns the call stacks that were taken into call paths with names, and adds them up by lock. */
#ifndef HEAPWAIT_WAITERS_H
#define HEAPWAIT_WAITERS_H

#include "probes/measurement/call_tree.h"
#include "probes/measurement/measurement.h"
#include "probes/names/naming.h"
#include "probes/session/session.h"

struct waiters;

/* Takes the stacks out of the session.  The paths go into `tree`; the naming has to live longer.  0 or
 * negative errno. */
int waiters_new(struct session *session, struct naming *naming, struct call_tree *tree, struct waiters **out);
/* NULL is fine. */
void waiters_free(struct waiters *w);

/* Fills the lock's waiters: of the word at lock->address in the address space numbered `number`, whose
 * mappings `space` has (may be NULL).  0 or -ENOMEM. */
int waiters_of(struct waiters *w, uint32_t number, const struct address_space *space, struct lock *lock);

/* Stacks whose paths found no room in the tree. */
uint64_t waiters_lost(const struct waiters *w);

#endif
