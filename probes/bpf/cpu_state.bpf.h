/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* A CPU and the task that it runs: how a program comes by the state of its CPU, and how it is kept from
 * losing it meanwhile.  Included by probes.bpf.c. */
#ifndef HEAPWAIT_CPU_STATE_BPF_H
#define HEAPWAIT_CPU_STATE_BPF_H

#define PINNED_UNLESS(pinned, body, result)                                                                  \
    do {                                                                                                     \
        if (!(pinned))                                                                                       \
            pin();                                                                                           \
        body;                                                                                                \
        if (!(pinned))                                                                                       \
            unpin();                                                                                         \
        return (result);                                                                                     \
    } while (0)
#define PINNED(body) PINNED_UNLESS(false, body, 0)
/* The raw programs of mode waits, which the kernel itself pins (before Linux 6.13 all tracepoints; since then
 * in its own code for those of system calls): asked by experiment, cpu_pinning.c. */
#define PINNED_CALL(body) PINNED_UNLESS(calls_pinned, body, 0)

/* Kernels leave out a few switches when they call probes (seen: some from kernel threads, one in several
 * thousand). Then the CPU's state is still another task's, and the task's is that of one which waits. */
static __noinline int task_found(struct cpu_state *c, struct task_state *t, u64 identity)
{
    if (!c || !t)
        return 0;
    u64 now = bpf_ktime_get_ns();
    if (ledger) {
        loss_add(LOSS_SWITCH, 1); /* mode waits loses nothing but where a waiter's last microseconds went */
        cpu_found(now);
        thread_return(t, now);
    }
    if (t->in_call)
        cpu_return(c, t, now);
    task_load(c, t, identity);
    return 0;
}

/* A task was marked while it ran here: the CPU has thought that it is nobody's. */
static __noinline int cpu_join(struct cpu_state *c, struct task_state *t, u64 identity, u32 meeting)
{
    if (!c || !t)
        return 0;
    if (t->unsettled) {
        task_settle(t, bpf_get_current_task_btf(), ON_CPU, meeting);
        if (ledger)
            cpu_found(t->since_ns);
    }
    task_load(c, t, identity);
    return 0;
}

/* The CPU runs a followed task and does not know it: which of the two it is.  The command, which user space
 * marks while it sleeps, has no account yet when the switch to it was not shown. */
static __always_inline void cpu_meets(struct cpu_state *c, struct task_state *t, u64 identity,
                                      enum meeting meeting)
{
    bool begun = !ledger || t->record.thread;
    if (t->unsettled || (begun && c->owner == identity))
        cpu_join(c, t, identity, meeting);
    else
        task_found(c, t, identity);
}

/* Looks the running task up: it is not the one that the CPU knows, or somebody has been marked since.  That
 * nobody follows it is noted before it is asked (the exchange is a full barrier): user space, which marks
 * first and wipes out the note then, is either seen to have marked it, or wipes out this very note. */
static __noinline int cpu_look(struct cpu_state *c, u64 identity, u32 meeting)
{
    if (!c)
        return 0;
    c->stack = 0;
    __sync_lock_test_and_set(&c->passer, identity);
    struct task_state *t = task_followed(bpf_get_current_task_btf());
    if (t) {
        c->busy = 1;
        cpu_meets(c, t, identity, meeting);
        c->busy = 0;
    } else {
        c->owner = identity;
        c->mine = 0;
    }
    return 0;
}

/* The state of this CPU; NULL when the task that it runs is not followed, or is being seen to already. */
static __always_inline struct cpu_state *cpu_followed(u64 identity, enum meeting meeting)
{
    struct cpu_state *c = cpu_here();
    if (!c || c->stopped || c->busy)
        return NULL;
    if (c->mine == identity)
        return c;
    if (c->passer == identity)
        return NULL;
    cpu_look(c, identity, meeting);
    return c->mine ? c : NULL;
}

#endif
