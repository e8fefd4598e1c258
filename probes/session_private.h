/* What session.c and attach.c share of a session. */
#ifndef HEAPWAIT_SESSION_PRIVATE_H
#define HEAPWAIT_SESSION_PRIVATE_H

#include "probes/session.h"

#include "probes/probes.skel.h" /* after abi.h, whose types it uses */

#include <bpf/libbpf.h>

enum { MAX_LINKS = 1280 }; /* a sampler for every CPU among them */

struct session {
    struct probes_bpf *skeleton;
    bool ledger;
    uint64_t sample_period_ns;
    int tracefs; /* negative: the raw tracepoints are used for futex calls */
    struct bpf_link *links[MAX_LINKS];
    size_t link_count;
    int stats_fd;                   /* the kernel counts runs and time of programs while this is open */
    uint64_t missed, missed_before; /* in this run; in earlier ones */
    uint64_t stopped_ns;
};

/* Before loading: settings, and which programs this mode needs. */
void programs_choose(struct session *s, const struct measure_options *options);

/* After loading: 0 or negative errno. */
int programs_attach(struct session *s, const struct measure_options *options);

#endif
