/* Empty programs on the hooks of a mode: the floor that no probe on these hooks can go below. */
#ifndef HEAPWAIT_EMPTY_PROBES_H
#define HEAPWAIT_EMPTY_PROBES_H

#include "analysis/base/error.h"

#include <stdbool.h>

struct floor;

/* Loads and attaches the programs of mode ledger, or of mode waits.  *out is to be closed with floor_close().
 * 0 or negative errno, with a sentence. */
int floor_open(bool ledger, struct floor **out, struct error *err);

/* Detaches and frees; NULL is fine. */
void floor_close(struct floor *f);

#endif
