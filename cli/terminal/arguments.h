/* The values of options: numbers and durations as people write them, and nothing else; and what is said if
 * one is wrong. */
#ifndef HEAPWAIT_ARGUMENTS_H
#define HEAPWAIT_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a whole number from `least` to `most`, in digits alone.  Returns false if it is none, and *number
 * stays. */
bool argument_number(const char *text, uint64_t least, uint64_t most, uint64_t *number);

/* Reads seconds, also with a fraction, from `least` to `most`, into nanoseconds.  Returns false if they are
 * none, and *ns stays. */
bool argument_seconds(const char *text, double least, double most, uint64_t *ns);

/* Returns true if `name` is one of the names in `list`, which stand between commas. */
bool argument_lists(const char *list, const char *name);

/* Prints "heapwait COMMAND: ...; `heapwait COMMAND --help` tells the options" on stderr.  Returns EXIT_USAGE.
 */
int argument_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
