/* See live_losses.h. */
#include "probes/run/live_losses.h"

uint64_t live_losses_take(struct live_losses *l, const uint64_t *now, int kinds, int *most)
{
    uint64_t all = 0, largest = 0;
    *most = -1;
    for (int i = 0; i < kinds; i++) {
        const uint64_t lost = now[i] - l->told[i] + l->carried[i];
        l->told[i] = now[i];
        l->carried[i] = 0;
        *most = lost > largest ? i : *most;
        largest = lost > largest ? lost : largest;
        all += lost;
    }
    return all;
}

void live_losses_carry(struct live_losses *l, const uint64_t *now, int kinds)
{
    for (int i = 0; i < kinds; i++) {
        l->carried[i] += now[i] - l->told[i];
        l->told[i] = 0;
    }
}
