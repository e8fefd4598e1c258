/* See perf_edges.h.  The order in which perf switches its events is that of its command line, event by event
 * or CPU by CPU; what is said here holds for any. */
#include "probes/perf/perf_edges.h"

#include <stdlib.h>
#include <string.h>

enum { MORE_SPACES = 256 };

bool perf_edges_endless(const struct perf_edges *e, struct perf_edge_counts *counts)
{
    *(e->ended ? &counts->endless : &counts->outside) += 1;
    return e->ended;
}

void perf_edges_begin(struct perf_edges *e, struct perf_edge_counts *counts)
{
    counts->unmatched += e->late; /* beginnings are still recorded, so those before were lost */
    e->late = 0;
}

void perf_edges_end(struct perf_edges *e, bool begun, bool known, struct perf_edge_counts *counts)
{
    e->ended = true;
    e->late += !begun && known;
    counts->outside += !begun && !known;
}

void perf_edges_finish(struct perf_edges *e, struct perf_edge_counts *counts)
{
    counts->outside += e->late;
    e->late = 0;
}

void perf_edges_exit(struct perf_edges *e, uint32_t space)
{
    if (space >= e->exit_room) {
        size_t room = (size_t)space + MORE_SPACES;
        uint32_t *grown = reallocarray(e->exits, room, sizeof(*grown));
        if (!grown)
            return; /* then a sleep may count as a loss that is none */
        memset(grown + e->exit_room, 0, (room - e->exit_room) * sizeof(*grown));
        e->exits = grown;
        e->exit_room = room;
    }
    e->exits[space]++;
}

bool perf_edges_woken(struct perf_edges *e, uint32_t space)
{
    const bool may = space < e->exit_room && e->exits[space];
    if (may)
        e->exits[space]--;
    return may;
}

void perf_edges_free(struct perf_edges *e)
{
    free(e->exits);
    *e = (struct perf_edges){.exits = NULL};
}
