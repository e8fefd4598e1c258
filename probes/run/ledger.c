/* See ledger.h.  In the kernel the sum of a thread's states is its lifetime by construction.  When a state is
 * divided here, it loses what its parts get, so that this stays true. */
#include "probes/run/ledger.h"

#include "probes/bpf/terms.h"
#include "probes/run/samples.h"
#include "probes/run/thread_times.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    unsigned state;
    int split; /* -1: not divided */
    const char *name, *malloc_name;
} states[] = {
    {STATE_USER, -1, "user", NULL},
    {STATE_FUTEX_WAIT, SPLIT_WAIT, "futex_wait_other", "futex_wait_malloc"},
    {STATE_FUTEX_BLOCKED, SPLIT_BLOCKED, "futex_blocked_other", "futex_blocked_malloc"},
    {STATE_FUTEX_RUNNABLE, SPLIT_RUNNABLE, "futex_runnable_other", "futex_runnable_malloc"},
    {STATE_FUTEX_WAKE, SPLIT_WAKE, "futex_wake_other", "futex_wake_malloc"},
    {STATE_MEMORY, -1, "memory", NULL},
    {STATE_RANDOM, -1, "random", NULL},
    {STATE_SYSCALL, -1, "syscall", NULL},
    {STATE_MMAP_LOCK, -1, "mmap_lock", NULL},
    {STATE_KERNEL_LOCK, -1, "kernel_lock", NULL},
    {STATE_MMAP_BLOCKED, -1, "mmap_lock_blocked", NULL},
    {STATE_KERNEL_BLOCKED, -1, "kernel_lock_blocked", NULL},
    {STATE_PREEMPTED, -1, "preempted", NULL},
    {STATE_WOKEN, -1, "woken", NULL},
    {STATE_BLOCKED, -1, "blocked", NULL},
    {STATE_EXITING, -1, "exiting", NULL},
    {STATE_PAGE_FAULT, -1, "page_fault", NULL},
};
enum { STATES = sizeof(states) / sizeof(states[0]) };

/* Where a thread slept for other locks of the kernel's, a row of mmap_lock tells even by 0 that they were
 * told apart. */
static bool row_wanted(const struct thread_record *r, unsigned state)
{
    return state == STATE_MMAP_BLOCKED && r->entries[STATE_KERNEL_BLOCKED];
}

static void state_put(struct thread_account *a, const char *name, uint64_t ns, uint64_t entries, bool wanted)
{
    if (ns || entries || wanted)
        a->states[a->state_count++] = (struct state_time){name, ns, entries};
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

/* Returns false if the account holds more than the thread lived: see thread_times(). */
static bool account_fill(struct thread_account *a, const struct thread_record *r, const struct split_part *p)
{
    uint64_t all[STATE_ROOM];
    const bool whole = thread_times(r, all);
    *a = (struct thread_account){.thread = r->thread,
                                 .tid = r->tid,
                                 .lifetime_ns = r->died_ns - r->born_ns,
                                 .syscalls = r->syscalls,
                                 .faults = r->faults};
    memcpy(a->comm, r->comm, sizeof(a->comm));
    a->comm[sizeof(a->comm) - 1] = 0;
    for (size_t i = 0; i < STATES; i++) {
        uint64_t ns = all[states[i].state], entries = r->entries[states[i].state];
        uint64_t part = states[i].split < 0 ? 0 : at_most(p->ns[states[i].split], ns);
        uint64_t part_entries = states[i].split < 0 ? 0 : at_most(p->entries[states[i].split], entries);
        if (states[i].split >= 0)
            state_put(a, states[i].malloc_name, part, part_entries, false);
        state_put(a, states[i].name, ns - part, entries - part_entries, row_wanted(r, states[i].state));
    }
    return whole;
}

/* Adds accounts whose calls took longer than their threads lived to the losses: a row of their reason is
 * there. */
static void overdrawn_tell(struct measurement *m, uint64_t count)
{
    for (size_t i = 0; i < m->loss_count; i++)
        if (m->losses[i].reason == term_loss(LOSS_CLOCK))
            m->losses[i].count += count;
}

static int threads_fill(struct session *session, const struct futex_split *split, struct measurement *m)
{
    struct ledger *l = m->ledger;
    uint64_t overdrawn = 0;
    struct thread_record *records = NULL;
    size_t count = 0;
    int rc = session_threads(session, &records, &count);
    l->threads = rc ? NULL : calloc(count ? count : 1, sizeof(*l->threads));
    if (!rc && !l->threads)
        rc = -ENOMEM;
    for (size_t i = 0; i < count && !rc; i++)
        overdrawn += !account_fill(&l->threads[l->thread_count++], &records[i],
                                   futex_split_of(split, records[i].thread));
    overdrawn_tell(m, overdrawn);
    free(records);
    return rc;
}

/* Fills the account of the cores.  What the CPUs counted begins a little before the command does and ends a
 * little after it, or longer after if heapwait itself lost its CPU.  In that time there can only be others'
 * work and idling: it is taken off these two. */
static void core_fill(const struct session *session, const struct run_outcome *o, struct core_account *core)
{
    const struct cpu_totals *cpus = session_cpus(session);
    uint64_t whole = (cpus->until_ns - cpus->from_ns) * cpus->cpus, wanted = o->wall_ns * cpus->cpus;
    uint64_t outside = whole > wanted ? whole - wanted : 0;
    uint64_t others = at_most(outside, cpus->ns[CPU_OTHER]);
    core->cores = cpus->cpus;
    core->other_ns = cpus->ns[CPU_OTHER] - others;
    core->idle_ns = cpus->ns[CPU_IDLE] - at_most(outside - others, cpus->ns[CPU_IDLE]);
}

static const char *state_name(unsigned state)
{
    for (size_t i = 0; i < STATES; i++)
        if (states[i].state == state)
            return states[i].malloc_name ? term_state(state) : states[i].name;
    return "user";
}

static int stretch_compare(const void *a, const void *b)
{
    const struct stretch *x = a, *y = b;
    if (x->thread != y->thread)
        return x->thread < y->thread ? -1 : 1;
    return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

static int timeline_fill(struct session *session, struct ledger *l)
{
    struct timeline_event *events = NULL;
    size_t count = 0;
    uint64_t from_ns = 0;
    int rc = session_timeline(session, &from_ns, &events, &count);
    l->timeline = rc ? NULL : calloc(count ? count : 1, sizeof(*l->timeline));
    if (!rc && !l->timeline)
        rc = -ENOMEM;
    for (size_t i = 0; i < count && !rc; i++)
        l->timeline[l->stretch_count++] =
            (struct stretch){.thread = events[i].thread,
                             .state = state_name(events[i].state),
                             .from_ns = (int64_t)(events[i].from_ns - from_ns),
                             .until_ns = (int64_t)(events[i].until_ns - from_ns)};
    if (l->timeline && l->stretch_count)
        qsort(l->timeline, l->stretch_count, sizeof(*l->timeline), stretch_compare);
    free(events);
    return rc;
}

int ledger_collect(struct session *session, const struct sideband *sideband, struct naming *naming,
                   const struct futex_split *split, struct measurement *m)
{
    struct ledger *l = m->ledger = calloc(1, sizeof(*l));
    if (!l)
        return -ENOMEM;
    l->sample_period_ns = session_sample_period(session);
    int rc = threads_fill(session, split, m);
    if (!rc)
        rc = samples_classify(session, sideband, naming, m);
    core_fill(session, &m->outcome, &l->core);
    return rc ? rc : timeline_fill(session, l);
}
