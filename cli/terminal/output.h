/* The end of what a command prints: only when stdout is flushed is it known whether all of it was written. */
#ifndef HEAPWAIT_OUTPUT_H
#define HEAPWAIT_OUTPUT_H

/* Flushes stdout.  Returns `code`, or EXIT_HEAPWAIT, with a line on stderr, if stdout could not be written.
 */
int output_end(int code);

#endif
