/* What was given as a perf session, made into something that can be read: a perf.data file or directory
 * (perf record --threads, --kcore), what perf script printed of one, either of them compressed, or coming in
 * through a pipe.  Tells by the first bytes what it is.  What has to be copied goes to a file without a name
 * in TMPDIR, of bounded size, which vanishes with the process. */
#ifndef HEAPWAIT_PERF_INPUT_H
#define HEAPWAIT_PERF_INPUT_H

#include "analysis/base/error.h"

#include <stdbool.h>

struct perf_input {
    char *name; /* as it was given, for sentences; "standard input" for "-" */
    char *path; /* what perf is to read: a file, a directory, or a copy by way of /dev/fd */
    char *head; /* the file that begins with the session's head: path itself, or the directory's "data" */
    bool text;  /* it is what perf script printed: perf isn't needed */
    int copy;   /* descriptor of the copy, which children inherit; -1: there is none */
};

/* Finds out what `name` is; "-" is standard input.  0 or negative errno, with a sentence, and then there is
 * nothing to close: -EINVAL: it is nothing that perf made; -ECANCELED: a signal came; -ENOPKG: what unpacks
 * it is not installed; -EFBIG: it is too large once unpacked. */
int perf_input_open(const char *name, struct perf_input *in, struct error *err);

/* Frees what *in holds. */
void perf_input_close(struct perf_input *in);

#endif
