/* From a perf.data to a recording, with a bar on a terminal and the table of locks at the end: what `import`
 * and `record --collector perf` have in common. */
#ifndef HEAPWAIT_PERF_KEEP_H
#define HEAPWAIT_PERF_KEEP_H

#include "analysis/base/error.h"
#include "probes/measurement/measurement.h"

struct debug_files;
struct recording;

struct perf_keep_options {
    const char *const *sessions; /* what is to be read: one, or several pieces of one */
    size_t session_count;
    const char *output;
    struct recording *recording;       /* open for `output`; NULL: it is checked here, and opened */
    const char *libc;                  /* an archive for programs without symbols; NULL: none */
    const char *symfs;                 /* a folder with the files of the session's machine; NULL: none */
    struct debug_files *debug_files;   /* that name what the program's files don't; NULL: none */
    const char *command;               /* what was run; NULL: what the session says */
    uint32_t pid;                      /* the command's; 0: what the session says */
    const struct run_outcome *outcome; /* how it ended, when that was seen; NULL: what the session says */
    double load_average;               /* before it ran; used with `outcome` only */
};

/* Reads the session, writes the recording, prints.  Returns an exit code: EXIT_OK; EXIT_DATA, the session
 * can't be read; EXIT_HEAPWAIT.  But for EXIT_OK `err` has the sentence, and nothing is at `output`. */
int perf_keep(const struct perf_keep_options *options, struct error *err);

#endif
