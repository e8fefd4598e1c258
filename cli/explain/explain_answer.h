/* The answer on one screen, 24 lines of 80 columns: what `heapwait explain` prints unless it is asked for
 * more. */
#ifndef HEAPWAIT_EXPLAIN_ANSWER_H
#define HEAPWAIT_EXPLAIN_ANSWER_H

#include "analysis/answer/answer.h"

#include <stdio.h>

/* Prints the answer; `file` is the recording as the user calls it, `recorded` when it was made as it stands
 * in the recording, NULL: not known. */
void explain_answer_write(const struct answer *a, const char *file, const char *recorded, FILE *out,
                          unsigned width);

#endif
