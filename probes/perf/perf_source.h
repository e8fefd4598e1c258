/* The text of one piece of a session, from where it comes: a perf script as a child, or a file in which its
 * text is kept. */
#ifndef HEAPWAIT_PERF_SOURCE_H
#define HEAPWAIT_PERF_SOURCE_H

#include "probes/perf/perf_input.h"

#include <stddef.h>
#include <sys/types.h>

struct perf_source;

/* How the texts of a session are read, and what came to light meanwhile.  The owner frees `warnings`. */
struct perf_reading {
    bool timeless;     /* perf can't be asked for times, since a sample has none */
    const char *symfs; /* a folder where perf is to look for files; NULL: where they were */
    char *warnings;    /* what perf warned of, a line each; NULL: nothing */
    size_t warning_count;
    bool cut; /* perf warned that a text ends too early */
};

/* `in` is borrowed until perf_source_free(), which frees *out.  0 or negative errno, with a sentence. */
int perf_source_open(const struct perf_input *in, const struct perf_reading *how, struct perf_source **out,
                     struct error *err);

/* Returns how many bytes; 0: the end; negative errno; -EINTR: a signal came. */
ssize_t perf_source_read(struct perf_source *s, char *buffer, size_t size);

/* To be called at the end.  Adds what perf warned of to *how.  0; or -EIO: perf failed on the way, with a
 * sentence.  `cut`: the session is cut off there; that perf fails is no error then, if it read anything, for
 * what came before is whole. */
int perf_source_finish(struct perf_source *s, bool cut, struct perf_reading *how, struct error *err);

/* NULL is fine. */
void perf_source_free(struct perf_source *s);

#endif
