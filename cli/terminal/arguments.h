/* The values of options: numbers and durations as people write them, and nothing else; and what is said if
 * one is wrong. */
#ifndef HEAPWAIT_ARGUMENTS_H
#define HEAPWAIT_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

struct debug_files;
struct option; /* of <getopt.h> */

enum { ARGUMENT_TEXT = 512 };

/* Reads a whole number from `least` to `most`, in digits alone.  Returns false if it is none, and *number
 * stays. */
bool argument_number(const char *text, uint64_t least, uint64_t most, uint64_t *number);

/* Reads seconds, also with a fraction, from `least` to `most`, into nanoseconds.  Returns false if they are
 * none, and *ns stays. */
bool argument_seconds(const char *text, double least, double most, uint64_t *ns);

/* Returns true if `name` is one of the names in `list`, which stand between commas. */
bool argument_lists(const char *list, const char *name);

/* Adds a file of debug information to *given, which is made by the first one and is the caller's to free with
 * debug_files_free(), after an error too.  0 or negative errno; why is then on stderr. */
int argument_debug_file(const char *path, struct debug_files **given);

/* Prints "heapwait COMMAND: ...; `heapwait COMMAND --help` tells the options" on stderr.  Returns EXIT_USAGE.
 */
int argument_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes what is wrong with the option at which getopt_long() returned '?', and what may have been meant,
 * into buffer[ARGUMENT_TEXT]: "there is no option '--moed' (did you mean `--mode`?)".  To be called right
 * after it, with its arguments.  Returns `buffer`. */
const char *argument_unknown(char *buffer, char *const *argv, const struct option *longs);

/* Tells on stderr which long options of `heapwait COMMAND` stand behind argv[at], the program that it runs,
 * and so are that program's: unless `--` before it says that this is meant. */
void argument_behind_tell(const char *command, char *const *argv, int at, const struct option *longs);

#endif
