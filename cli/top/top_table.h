/* One look of `heapwait top` as text. */
#ifndef HEAPWAIT_TOP_TABLE_H
#define HEAPWAIT_TOP_TABLE_H

#include "probes/run/live.h"

#include <stdbool.h>
#include <stdio.h>

/* Prints `rows` processes at most, and no line wider than `width` cells as far as it can be helped; `bold`:
 * the head in bold. */
void top_table_print(const struct live_view *view, FILE *out, unsigned width, unsigned rows, bool bold);

#endif
