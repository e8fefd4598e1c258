/* What perf was asked for, by its own command line: which command it ran, what it attached to, which events
 * it filtered.  Its options are read as `perf record` reads them: bundled, shortened, with their values in
 * the same word or in the next; the first word that is neither an option nor a value begins the command. */
#ifndef HEAPWAIT_PERF_COMMAND_H
#define HEAPWAIT_PERF_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_PERF_FILTERS = 32 };

/* Strings are those of the words, or static; "" and NULL: not told. */
struct perf_command {
    size_t at;                      /* the command's first word; the number of words: there is no command */
    bool all;                       /* -a, -C, or a cgroup: tasks of anybody */
    const char *pids, *tids, *user; /* -p, -t, -u */
    bool delayed;                   /* -D: its beginning was not recorded */
    const char *filtered[MAX_PERF_FILTERS]; /* values of -e: a --filter is behind, and is of the last event */
    size_t filtered_count;
    bool filtered_more; /* further filters, of events that can't be told */
};

/* Returns true if the command is what was measured: perf attached to nothing else. */
bool perf_command_is_measured(const struct perf_command *c, size_t word_count);

/* Returns a line for people, malloc'd: the command that was measured; else what perf attached to, and the
 * command while which it did.  NULL: out of memory. */
char *perf_command_text(const struct perf_command *c, char *const *words, size_t count);

/* Returns true if the event of that name may have a filter: if it is the last that a filtered -e names. */
bool perf_command_filters(const struct perf_command *c, const char *event);

/* Reads the words of a command line, "perf" first.  Another command than `perf record` that makes a session
 * (`perf sched record`, `perf trace record`) has the options of both, and those that it gives by itself. */
void perf_command_read(char *const *words, size_t count, struct perf_command *c);

#endif
