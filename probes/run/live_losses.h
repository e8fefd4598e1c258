/* What was lost from one look to the next, by kind, of counters that only grow and begin anew with a renewal.
 */
#ifndef HEAPWAIT_LIVE_LOSSES_H
#define HEAPWAIT_LIVE_LOSSES_H

#include <stdint.h>

enum { LOSS_KINDS_MOST = 64 };

/* All zero at the beginning. */
struct live_losses {
    uint64_t told[LOSS_KINDS_MOST];    /* the counters, as they were when they were told last */
    uint64_t carried[LOSS_KINDS_MOST]; /* counted before the last renewal, and not told yet */
};

/* Returns how much was lost since the last call, by the `kinds` counters `now`.  *most is set to the kind
 * that most of it was of; -1: nothing was. */
uint64_t live_losses_take(struct live_losses *l, const uint64_t *now, int kinds, int *most);

/* Takes note of what isn't told yet, before the counters begin anew. */
void live_losses_carry(struct live_losses *l, const uint64_t *now, int kinds);

#endif
