/* What a perf.data says of itself, before any of its events is read: where and when it was recorded, which
 * events, which files by build-id.  A file that is cut off, or none of perf's, is told by its first bytes. */
#ifndef HEAPWAIT_PERF_SESSION_H
#define HEAPWAIT_PERF_SESSION_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_BUILD_IDS = 4096 };

struct perf_build_id {
    char hex[41];
    char *path;
};

/* Empty strings and 0: not told. */
struct perf_session {
    char hostname[128], kernel[128], machine[32], cpu_model[128], perf_version[64];
    char command[1024];  /* the command that was recorded; if perf started none, perf's own command line */
    bool ran_command;    /* perf started it */
    char events[1024];   /* the events' names, ", " between them */
    char started_at[32]; /* UTC, ISO 8601 */
    long cores;
    uint64_t mem_bytes;
    uint64_t first_ns, last_ns; /* times of the first and last sample, on the session's clock */
    int64_t recorded_at;        /* seconds since 1970 */
    bool futex_calls, raw_calls, switches, wakeups, samples, call_paths, dwarf; /* what it has of events */
    bool piped;      /* it went through a pipe, and its facts stand between its events */
    bool unfinished; /* perf record was killed before it could end the file */
    uint64_t bytes;
    struct perf_build_id *build_ids;
    size_t build_id_count;
};

/* Reads what the file says of itself into *s, which is to be freed with perf_session_free().  0 or negative
 * errno, with a sentence, and then nothing is to be freed; -ENOPKG: perf isn't installed; -EINVAL: it is no
 * perf.data that can be read. */
int perf_session_read(const char *path, struct perf_session *s, struct error *err);
/* Frees what *s holds. */
void perf_session_free(struct perf_session *s);

/* Adds one line of `perf script --header-only` to *s.  Public for the tests and the fuzzer. */
void perf_session_line(struct perf_session *s, const char *line);

/* Returns the build-id that the session has of the file, in hexadecimal, owned by *s; NULL: it has none. */
const char *perf_session_build_id(const struct perf_session *s, const char *path);

#endif
