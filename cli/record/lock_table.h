/* The table that `record` ends with: what was lost first, then a line per lock. */
#ifndef HEAPWAIT_LOCK_TABLE_H
#define HEAPWAIT_LOCK_TABLE_H

#include "probes/measurement/measurement.h"

#include <stdio.h>

/* Prints the table to `out`, as wide as the terminal behind it. */
void lock_table_print(const struct measurement *m, FILE *out);

#endif
