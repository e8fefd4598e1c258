/* The `perf record` line that records everything an import can use, as far as this machine and this user
 * allow.  Events are tried first, by opening them; no program is run. */
#ifndef HEAPWAIT_PERF_LINE_H
#define HEAPWAIT_PERF_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_LINE_PARTS = 12 };

/* One option of the line, what it is for, and what is missing for it here ("" when nothing is). */
struct perf_line_part {
    const char *option; /* static */
    char value[512];    /* "": the option has none */
    const char *purpose;
    char lack[256];
    bool grouped; /* of the line's one group of events */
};

struct perf_line {
    struct perf_line_part parts[MAX_LINE_PARTS];
    size_t count;
    char group[1024];  /* "{...}": the values of the parts that are grouped, which are one argument */
    bool futex_calls;  /* futex calls can be recorded; if not, nothing can be said of waits */
    const char *clock; /* the event that samples what runs, static: perf_record_event() */
};

/* Fills *l.  `clock_too`: with samples of what runs, with call paths, as well.  The tracepoints are one group
 * of events, which perf switches on and off as one: no call is seen by one end only because the session
 * begins or ends.  The clock stays outside, since a group waits until the machine's counters have room for
 * all of it. */
void perf_line_make(struct perf_line *l, bool clock_too);

/* Writes the arguments after "perf record" to argv[max], NULL at the end, and returns how many there are
 * without it.  Parts without room are left out: 2 * MAX_LINE_PARTS + 1 is enough.  The strings live as long
 * as *l. */
size_t perf_line_arguments(const struct perf_line *l, const char **argv, size_t max);

/* Returns how many BPF programs, anybody's, are attached to one of futex()'s tracepoints now, the larger
 * number of the two.  Each may hide calls from perf, by returning 0.  0 also if this user may not ask. */
unsigned perf_line_rivals(void);

#endif
