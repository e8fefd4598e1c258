/* What a session brings back in mode ledger: the accounts of threads and CPUs, the timeline. See
 * session.h. */
#include "probes/host/clock.h"
#include "probes/session/session_private.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CPUS = 8192 }; /* the kernel's own limit */

uint32_t session_thread_count(const struct session *s)
{
    return s->skeleton->bss->threads_made;
}

int session_threads(struct session *s, struct thread_record **records, size_t *count)
{
    const struct bpf_map *map = s->skeleton->maps.threads;
    uint32_t made = s->skeleton->bss->threads_made;
    *count = 0;
    *records = calloc(made ? made : 1, sizeof(**records));
    if (!*records)
        return -ENOMEM;
    for (uint32_t i = 1; i <= made; i++)
        if (!bpf_map__lookup_elem(map, &i, sizeof(i), &(*records)[*count], sizeof(**records), 0))
            ++*count;
    return 0;
}

/* Reads the accounts of all CPUs into each[].  They change while they are read: what two readings in turn
 * agree on is whole.  again[] is room for the second reading. */
static int cpus_read(const struct session *s, struct cpu_account *each, struct cpu_account *again,
                     size_t size)
{
    const struct bpf_map *map = s->skeleton->maps.cpus;
    uint32_t zero = 0;
    int rc = bpf_map__lookup_elem(map, &zero, sizeof(zero), each, size, 0);
    for (int i = 0; !rc && i < 16; i++) {
        rc = bpf_map__lookup_elem(map, &zero, sizeof(zero), again, size, 0);
        if (!rc && !memcmp(each, again, size))
            break;
        memcpy(each, again, size);
    }
    return rc;
}

/* Adds the account of one CPU.  What the CPU is doing now goes on to sum->until_ns, since no switch has ended
 * it. With CPU_EXITING it depends: if the recording was stopped, the account of the task that exits goes on
 * to there, and so does the CPU's use for it.  Else that account has ended at the exit, the switch away from
 * the task was not seen, and the time since is CPU_OTHER's. */
static void cpu_add(struct cpu_totals *sum, const struct cpu_account *c, bool stopped)
{
    uint32_t use = c->use < CPU_USES ? c->use : stopped ? CPU_FOLLOWED : CPU_OTHER;
    for (int i = 0; i < CPU_USES; i++)
        sum->ns[i] += c->ns[i];
    sum->ns[use] += sum->until_ns > c->since_ns ? sum->until_ns - c->since_ns : 0;
    sum->cpus++;
}

int session_cpus_end(struct session *s)
{
    int cpus = libbpf_num_possible_cpus(), rc = -ENOMEM;
    size_t size = cpus > 0 ? (size_t)cpus * sizeof(struct cpu_account) : 0,
           set_size = CPU_ALLOC_SIZE(MAX_CPUS);
    struct cpu_account *each = size ? calloc(2, size) : NULL;
    cpu_set_t *allowed = CPU_ALLOC(MAX_CPUS);
    s->cpus = (struct cpu_totals){.from_ns = s->cpus.from_ns};
    if (!each || !allowed)
        goto out;
    if (!s->skeleton->bss->stopped_ns)
        session_await(); /* the command's last thread may not have left its CPU yet */
    rc = sched_getaffinity(0, set_size, allowed) ? -errno : cpus_read(s, each, each + cpus, size);
    s->cpus.until_ns = s->skeleton->bss->stopped_ns ? s->skeleton->bss->stopped_ns : clock_monotonic_ns();
    for (int i = 0; i < cpus && !rc; i++)
        if (CPU_ISSET_S((size_t)i, set_size, allowed))
            cpu_add(&s->cpus, &each[i], s->skeleton->bss->stopped_ns != 0);
out:
    CPU_FREE(allowed);
    free(each);
    return rc;
}

const struct cpu_totals *session_cpus(const struct session *s)
{
    return &s->cpus;
}

int session_cpus_begin(struct session *s, uint64_t at_ns)
{
    int cpus = libbpf_num_possible_cpus();
    uint32_t zero = 0;
    struct cpu_account *each = cpus > 0 ? calloc((size_t)cpus, sizeof(*each)) : NULL;
    if (!each)
        return -ENOMEM;
    for (int i = 0; i < cpus; i++)
        each[i] = (struct cpu_account){.since_ns = at_ns, .use = CPU_IDLE};
    int rc = bpf_map__update_elem(s->skeleton->maps.cpus, &zero, sizeof(zero), each,
                                  (size_t)cpus * sizeof(*each), 0);
    s->cpus.from_ns = at_ns;
    free(each);
    return rc;
}

struct timeline_sink {
    struct timeline_event *events;
    size_t count, capacity;
};

static int timeline_take(void *context, void *data, size_t size)
{
    struct timeline_sink *sink = context;
    if (size < sizeof(*sink->events))
        return 0;
    if (sink->count == sink->capacity) {
        size_t larger = sink->capacity ? 2 * sink->capacity : 1024;
        struct timeline_event *grown = reallocarray(sink->events, larger, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        sink->events = grown;
        sink->capacity = larger;
    }
    memcpy(&sink->events[sink->count++], data, sizeof(*sink->events));
    return 0;
}

int session_timeline(struct session *s, uint64_t *from_ns, struct timeline_event **events, size_t *count)
{
    struct timeline_sink sink = {0};
    struct ring_buffer *ring =
        ring_buffer__new(bpf_map__fd(s->skeleton->maps.timeline), timeline_take, &sink, NULL);
    if (!ring)
        return -errno;
    int rc = ring_buffer__consume(ring);
    ring_buffer__free(ring);
    *from_ns = s->skeleton->bss->timeline_from_ns;
    *events = sink.events;
    *count = sink.count;
    return rc < 0 ? rc : 0;
}
