/* What the files of the sideband share: its records, and what becomes of them. */
#ifndef HEAPWAIT_SIDEBAND_PRIVATE_H
#define HEAPWAIT_SIDEBAND_PRIVATE_H

#include "probes/mappings/sideband.h"

enum { FEW_SPACES = 256 }; /* not worth looking who has ended */

enum event_kind { EVENT_FORK, EVENT_EXEC, EVENT_MMAP };

struct event {
    uint64_t time_ns;
    uint64_t sequence; /* keeps the order of events of one time */
    enum event_kind kind;
    uint32_t pid, parent;
    struct mapping mapping;
};

struct events {
    struct event *at;
    size_t count, capacity;
};

/* Records come of all processes.  They are `met` first, until it is known whether they are of one that is
 * followed; those that are go on to `events`, and from there, once no older one can come, into the history.
 */
struct sideband {
    struct perf_rings *rings;
    struct events met; /* each has a copy of its mapping's path */
    struct events events;
    struct descendants *ours; /* the processes followed; NULL: all are */
    struct spaces *spaces;
    struct mapped_files *files;
    uint64_t sequence; /* of the next event */
    uint64_t lost, unread;
    uint64_t opened_ns;
    size_t forget_at; /* spaces */
};

#endif
