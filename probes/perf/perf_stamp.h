/* How a line of perf script's begins that is a record's first: "PID/TID MODE SECONDS.NANOSECONDS: ...".  The
 * letters of the mode stand there if the field misc was asked for, the time if samples have one. */
#ifndef HEAPWAIT_PERF_STAMP_H
#define HEAPWAIT_PERF_STAMP_H

#include <stdbool.h>
#include <stdint.h>

struct perf_stamp {
    uint32_t pid, tid;
    char mode;  /* whose code ran, as perf_record.mode */
    bool exact; /* the time is told to the nanosecond */
    uint64_t time_ns;
};

/* Reads the beginning of the line into *out; `timeless`: there is no time, and time_ns is left as it is.
 * Returns what follows, without the blanks before it; NULL: the line is no record's first. */
const char *perf_stamp_read(const char *line, bool timeless, struct perf_stamp *out);

/* Returns the time of a record by its first line, in ns; 0: it has none, or is of no time. */
uint64_t perf_stamp_time(const char *line);

#endif
