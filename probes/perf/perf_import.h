/* A perf session becomes a measurement: the same tables as the probes fill, as far as the session tells.
 * What it lacks is absent, never zero; what was lost is counted.  The session's events are read as a stream,
 * in bounded memory.  Neither the recording nor a terminal is known here. */
#ifndef HEAPWAIT_PERF_IMPORT_H
#define HEAPWAIT_PERF_IMPORT_H

#include "analysis/base/error.h"
#include "probes/measurement/measurement.h"
#include "probes/perf/perf_session.h"

struct perf_import_options {
    const char *path; /* the session's file */
    uint32_t command; /* pid of the command if the caller knows it; 0: the session tells */
    const struct libc_archive *libc_archive; /* a reference for programs without symbols; NULL: none */
    /* Called now and then with how far the reading is, in ns of the session's time; true: stop.  NULL: nobody
     * is told. */
    bool (*progress)(void *context, uint64_t done_ns, uint64_t total_ns);
    void *context;
};

/* What whoever shows the measurement should know beside it. */
struct perf_import_notes {
    char *missing;   /* names of files whose symbols could not be had, one a line; NULL: none */
    bool wall_known; /* outcome.wall_ns is known */
};

/* Reads the whole session; *session is what perf_session_read() made of the same file.  The caller frees *out
 * with measurement_free() and *notes with perf_import_notes_free().  0 or negative errno, with a sentence,
 * and then there is nothing to free; -ECANCELED: `progress` said so; -ENOPKG: perf is not installed; -EIO:
 * perf failed on the way. */
int perf_import(const struct perf_import_options *options, const struct perf_session *session,
                struct measurement **out, struct perf_import_notes *notes, struct error *err);
void perf_import_notes_free(struct perf_import_notes *notes);

#endif
