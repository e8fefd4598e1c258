/* What a session can't see of futex calls because it begins, ends, or lets go of a thread just then:
 * expected, and no loss.  Events are switched on and off one after the other, those of a call's beginning and
 * those of its end are two; a thread may have been inside a call when perf came; and perf lets go of a thread
 * that dies before the kernel wakes whoever waits for its end.  Owns what has to be remembered to tell such
 * cases from losses, knows nothing of words and outcomes. */
#ifndef HEAPWAIT_PERF_EDGES_H
#define HEAPWAIT_PERF_EDGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: nothing was seen yet.  To be freed with perf_edges_free(). */
struct perf_edges {
    bool ended;      /* a call's end was seen: by now ends are recorded */
    uint64_t late;   /* ends without a beginning since the last beginning */
    uint32_t *exits; /* exits[space]: how many of its threads have died, and may have woken somebody unseen */
    size_t exit_room;
};

/* What was counted: calls that were lost, and such as lie outside of the session. */
struct perf_edge_counts {
    uint64_t unmatched; /* ends whose beginning was lost */
    uint64_t endless;   /* beginnings whose end was lost */
    uint64_t outside;   /* calls of which the session can have one end only: no loss */
};

/* A call has begun and has no end, which would have come by now.  Returns true if that is a loss. */
bool perf_edges_endless(const struct perf_edges *e, struct perf_edge_counts *counts);

/* A call begins. */
void perf_edges_begin(struct perf_edges *e, struct perf_edge_counts *counts);

/* A call ends.  `begun`: its beginning was seen, or need not have been; `known`: something was heard of the
 * thread before. */
void perf_edges_end(struct perf_edges *e, bool begun, bool known, struct perf_edge_counts *counts);

/* The session has ended. */
void perf_edges_finish(struct perf_edges *e, struct perf_edge_counts *counts);

/* A thread of the space has died. */
void perf_edges_exit(struct perf_edges *e, uint32_t space);

/* A sleep in the space ended, and nobody was seen to wake it.  Returns true if a thread that has died may
 * have: the kernel wakes one waiter for each. */
bool perf_edges_woken(struct perf_edges *e, uint32_t space);

/* Frees what *e holds. */
void perf_edges_free(struct perf_edges *e);

#endif
