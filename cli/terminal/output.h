/* The end of a command: only when stdout is flushed is it known whether all that it printed was written, and
 * what failed is said on stderr. */
#ifndef HEAPWAIT_TERMINAL_OUTPUT_H
#define HEAPWAIT_TERMINAL_OUTPUT_H

#include "analysis/base/error.h"

/* Says what failed, in one line on stderr.  Returns `code`. */
int output_failed(const struct error *err, int code);

/* Flushes stdout.  Returns `code`, or EXIT_HEAPWAIT, with a line on stderr, if stdout could not be written.
 */
int output_end(int code);

#endif
