/* What `heapwait try` says at its end: time, waits and memory of each library side by side, and a sentence
 * for each.  The numbers are the views'. */
#ifndef HEAPWAIT_TRY_TABLE_H
#define HEAPWAIT_TRY_TABLE_H

#include "analysis/base/error.h"
#include "cli/try/try_libraries.h"

#include <stdio.h>

/* Prints it from the recording.  `width` 0: the terminal's.  *measured is set to whether the baseline and at
 * least one library have runs that count.  0 or negative errno, with a sentence. */
int try_table_print(const char *recording, const struct try_libraries *libraries, FILE *out, unsigned width,
                    bool *measured, struct error *err);

#endif
