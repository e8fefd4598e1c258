/* What session.c and settings.c share of a session. */
#ifndef HEAPWAIT_SESSION_PRIVATE_H
#define HEAPWAIT_SESSION_PRIVATE_H

#include "probes/attach.h"
#include "probes/session.h"

#include "probes/probes.skel.h" /* after abi.h, whose types it uses */

struct session {
    struct probes_bpf *skeleton;
    struct attachment hooks;
    int stats_fd;                   /* the kernel counts runs and time of programs while this is open */
    uint64_t missed, missed_before; /* in this run; in earlier ones */
    struct cpu_totals cpus;
};

/* Before loading. */
void settings_put(struct session *s, const struct measure_options *options);

#endif
