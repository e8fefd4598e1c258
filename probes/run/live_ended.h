/* The address spaces that `live` follows, and which of them are dead: what the tables have of these is
 * dropped once it has been shown. */
#ifndef HEAPWAIT_LIVE_ENDED_H
#define HEAPWAIT_LIVE_ENDED_H

#include "probes/session/session.h"

struct live_ended;

/* NULL: out of memory. */
struct live_ended *live_ended_new(void);
/* NULL is fine. */
void live_ended_free(struct live_ended *e);

/* Finds which spaces are dead by now: their process has ended, or become another program.  To be called
 * before a snapshot.  0 or -ENOMEM. */
int live_ended_look(struct live_ended *e, struct session *session);

/* Keeps a space for another look: not all of that snapshot's calls in it are shown yet. */
void live_ended_hold(struct live_ended *e, uint32_t space);

/* Drops what is dead and not held from the tables, and from `rows`, which are the snapshot.  Returns how many
 * of the `count` rows are left. */
size_t live_ended_drop(struct live_ended *e, struct session *session, struct word_row *rows, size_t count);

/* Returns how many spaces are remembered. */
size_t live_ended_count(const struct live_ended *e);

#endif
