/* The answer as `record` and `import` end with it: what was run and what was lost, the conclusion, a table of
 * the futex words, and how to go on.  Twelve lines at most. */
#ifndef HEAPWAIT_RECORD_ANSWER_H
#define HEAPWAIT_RECORD_ANSWER_H

#include "analysis/answer/answer.h"

#include <stdio.h>

/* Prints the answer; `file` is the recording, as the user calls it. */
void record_answer_write(const struct answer *a, const char *file, FILE *out, unsigned width);

/* Makes the answer from the recording that is open at `fd`, and prints it as above, as wide as what is behind
 * `out`.  If that fails, a line says why, and where the recording is. */
void record_answer_print(int fd, const char *file, FILE *out);

#endif
