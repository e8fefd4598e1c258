/* The `perf record` line that records everything an import can use, as far as this machine and this user
 * allow: each part is tried first.  Runs nothing. */
#ifndef HEAPWAIT_PERF_LINE_H
#define HEAPWAIT_PERF_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_LINE_PARTS = 12 };

/* One option of the line, what it is for, and what is missing of it ("" when nothing is). */
struct perf_line_part {
    const char *option; /* static */
    char value[512];    /* "": the option has none */
    const char *purpose;
    char lack[256];
};

struct perf_line {
    struct perf_line_part parts[MAX_LINE_PARTS];
    size_t count;
    bool futex_calls; /* without these there is nothing to be said of waits */
    const char *clock;
};

/* `clock_too`: also samples of what runs, with call paths. */
void perf_line_make(struct perf_line *l, bool clock_too);

/* The arguments after "perf record": at most `max` - 1 and a NULL; they live as long as *l.  How many. */
size_t perf_line_arguments(const struct perf_line *l, const char **argv, size_t max);

/* How many BPF programs sit on the tracepoints of futex() now, anybody's: each may hide calls from perf, by
 * returning 0.  0 also where this user may not ask. */
unsigned perf_line_rivals(void);

#endif
