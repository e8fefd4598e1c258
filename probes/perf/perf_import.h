/* A perf session becomes a measurement: the same tables as the probes fill, as far as the session tells.
 * What it lacks is absent, never zero; what was lost is counted.  The session's events are read as a stream,
 * in bounded memory.  Neither the recording nor a terminal is known here. */
#ifndef HEAPWAIT_PERF_IMPORT_H
#define HEAPWAIT_PERF_IMPORT_H

#include "analysis/base/error.h"
#include "probes/measurement/measurement.h"
#include "probes/perf/perf_pieces.h"

struct perf_import_options {
    uint32_t command; /* pid of the command if the caller knows it; 0: the session tells */
    const struct libc_archive *libc_archive; /* a reference for programs without symbols; NULL: none */
    const char *symfs;               /* a folder with the files of the session's machine; NULL: none */
    struct debug_files *debug_files; /* that name what the program's own files don't; NULL: none */
    /* Called now and then with how far the reading is, in ns of the session's time; true: stop.  NULL: nobody
     * is told. */
    bool (*progress)(void *context, uint64_t done_ns, uint64_t total_ns);
    void *context;
};

/* How it is known that a session ends before perf, or its command, did. */
enum perf_cut {
    PERF_WHOLE,       /* it is not known to */
    PERF_CUT_KILLED,  /* perf record was ended before it could close the file */
    PERF_CUT_INSIDE,  /* in pipe format it ends inside of a record, or between those of a round */
    PERF_CUT_WARNED,  /* perf warned of it while it read the session */
    PERF_CUT_COMMAND, /* it went through a pipe, and the command's exit is not in it */
};

/* What whoever shows the measurement should know beside it. */
struct perf_import_notes {
    char *missing;    /* names of files whose symbols could not be had, one a line; NULL: none */
    const char *wall; /* what outcome.wall_ns is the time of, static; NULL: it is not known */
    char *warnings;   /* what perf warned of, a line each; NULL: nothing */
    enum perf_cut cut;
    uint64_t
        outside; /* futex calls in no row and lost to nobody: begun before the session or ended after it */
    uint64_t unused; /* samples of events that nothing is made of */
    uint64_t copies; /* records that perf wrote twice, each taken once */
};

/* Reads the whole session.  The caller frees *out with measurement_free() and *notes with
 * perf_import_notes_free().  0 or negative errno, with a sentence, and then there is nothing to free;
 * -ECANCELED: `progress` said so; -ENOPKG: perf is not installed; -EIO: perf failed on the way. */
int perf_import(const struct perf_import_options *options, const struct perf_pieces *pieces,
                struct measurement **out, struct perf_import_notes *notes, struct error *err);
void perf_import_notes_free(struct perf_import_notes *notes);

#endif
