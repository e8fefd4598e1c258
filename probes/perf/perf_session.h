/* What a perf.data says of itself, before any of its events is read: where and when it was recorded, which
 * events, which files by build-id.  A file that is cut off, or none of perf's, is told by its first bytes. */
#ifndef HEAPWAIT_PERF_SESSION_H
#define HEAPWAIT_PERF_SESSION_H

#include "analysis/base/error.h"
#include "probes/perf/perf_command.h"
#include "probes/perf/perf_event.h"
#include "probes/perf/perf_head.h"
#include "probes/perf/perf_input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_BUILD_IDS = 4096, MAX_PERF_EVENTS = 64 };

struct perf_build_id {
    char hex[41];
    char *path;
};

/* Empty strings and 0: not told. */
struct perf_session {
    char hostname[128], kernel[128], machine[32], cpu_model[128], perf_version[64];
    char command[1024];  /* what was measured: the command, or "process 12", "the whole machine", as perf was
                            told */
    bool ran_command;    /* it is a command that perf started */
    bool delayed;        /* perf was told to begin later than the command */
    char events[1024];   /* the events' names, ", " between them */
    char started_at[32]; /* UTC, ISO 8601: by the clock of the machine, if perf noted it (perf record -k) */
    long cores;
    uint64_t mem_bytes;
    uint64_t first_ns, last_ns; /* times of the first and last sample, on the session's clock */
    int64_t
        recorded_at; /* seconds since 1970; without a date in the session when the file was last written */
    /* what it has of events: the ends and the beginnings of futex calls, by tracepoints of their own or by
     * those of all system calls; the scheduler's; samples of what runs */
    bool futex_calls, futex_begins, raw_calls, raw_begins, switches, wakeups, samples, call_paths, dwarf;
    bool begins_partly, ends_partly; /* of futex calls: only some are in it, by sampling or by a filter */
    bool inherits;                   /* an event follows threads and children that began later */
    bool alone;                      /* another doesn't */
    bool timeless;                   /* samples of an event have no time */
    char
        counted[1024]; /* tracepoints of which there is only how often they were, with another event's samples
                          (:S): names, each between blanks */
    struct perf_event_facts facts[MAX_PERF_EVENTS];
    size_t fact_count;
    char limits[1024]; /* which events it has only a part of, and why; a sentence each, "\n" between them */
    bool piped;        /* it went through a pipe, and its facts stand between its events */
    bool unfinished;   /* perf record was killed before it could end the file */
    struct perf_head head; /* perf's command line */
    struct perf_command asked;
    uint64_t bytes;
    struct perf_build_id *build_ids;
    size_t build_id_count;
};

/* Reads what the input says of itself into *s, which is to be freed with perf_session_free().  0 or negative
 * errno, with a sentence, and then nothing is to be freed; -ENOPKG: perf isn't installed; -EINVAL: it is no
 * perf.data that can be read. */
int perf_session_read(const struct perf_input *in, struct perf_session *s, struct error *err);
/* Frees what *s holds. */
void perf_session_free(struct perf_session *s);

/* Returns what the session says of the event of that name, owned by *s; NULL: nothing. */
const struct perf_event_facts *perf_session_event(const struct perf_session *s, const char *name);

/* Adds one line of `perf script --header-only` to *s.  Public for the tests and the fuzzer.  perf's command
 * line is taken from it only if s->head has none: in the text blanks inside of a word can't be told from
 * others. */
void perf_session_line(struct perf_session *s, const char *line);

/* Returns the build-id that the session has of the file, in hexadecimal, owned by *s; NULL: it has none. */
const char *perf_session_build_id(const struct perf_session *s, const char *path);

#endif
