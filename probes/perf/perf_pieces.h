/* The pieces of one session, of which there is one as a rule: several come of perf record --switch-output.
 * Opens what was given, makes sure that it belongs together, brings it into order, and makes one of what the
 * pieces say of themselves. */
#ifndef HEAPWAIT_PERF_PIECES_H
#define HEAPWAIT_PERF_PIECES_H

#include "probes/perf/perf_session.h"

struct perf_piece {
    struct perf_input input;
    uint64_t first_ns; /* time of its first sample; 0: not told */
    bool cut;          /* it ends before perf did: perf_head.cut */
};

struct perf_pieces {
    struct perf_piece *list; /* in order of time */
    size_t count;
    struct perf_session session; /* of all together; perf's command line is that of the first that was named,
                                    and head.cut of the last in time */
};

/* `names` are as of perf_input_open(), at least one.  *out is to be freed with perf_pieces_close().  0 or
 * negative errno, with a sentence, and then there is nothing to free: as of perf_input_open() and
 * perf_session_read(); -EINVAL also: two are not of one session. */
int perf_pieces_open(const char *const *names, size_t count, struct perf_pieces *out, struct error *err);

/* Frees what *p holds. */
void perf_pieces_close(struct perf_pieces *p);

#endif
