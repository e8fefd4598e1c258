/* The values of options: numbers and durations as people write them, and nothing else; and what is said when
 * one is wrong. */
#ifndef HEAPWAIT_ARGUMENTS_H
#define HEAPWAIT_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

/* A whole number from `least` to `most`, in digits alone.  false: it is none, *number stays. */
bool argument_number(const char *text, uint64_t least, uint64_t most, uint64_t *number);

/* Seconds, also with a fraction, from `least` to `most`: into nanoseconds. */
bool argument_seconds(const char *text, double least, double most, uint64_t *ns);

/* "heapwait COMMAND: ...; `heapwait COMMAND --help` tells the options" on stderr.  Returns EXIT_USAGE. */
int argument_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
