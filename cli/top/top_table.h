/* One look of `heapwait top` as text. */
#ifndef HEAPWAIT_TOP_TABLE_H
#define HEAPWAIT_TOP_TABLE_H

#include "probes/run/live.h"

#include <stdbool.h>
#include <stdio.h>

/* At most `rows` processes, no line wider than `width` as far as it can be helped. */
void top_table_print(const struct live_view *view, FILE *out, unsigned width, unsigned rows, bool bold);

#endif
