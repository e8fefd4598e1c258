/* Empty programs on the hooks of a mode: the floor that no probe on these hooks can go below. */
#ifndef HEAPWAIT_EMPTY_PROBES_H
#define HEAPWAIT_EMPTY_PROBES_H

#include "analysis/base/error.h"

#include <stdbool.h>

struct floor;

/* Loads and attaches the programs of mode waits or ledger. */
int floor_open(bool ledger, struct floor **out, struct error *err);

/* Detaches; NULL is fine. */
void floor_close(struct floor *f);

#endif
