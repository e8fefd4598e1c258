/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* A CPU and the task that it runs: how a program comes by the page of its CPU (cpu_followed()), how it is
 * kept from losing the CPU meanwhile (PINNED()), and what is done when the page turns out to be another
 * task's.  Needs running_tasks.bpf.h, cpu_use.bpf.h, ledger.bpf.h, futex.bpf.h, tasks.bpf.h. */
#ifndef HEAPWAIT_CPU_STATE_BPF_H
#define HEAPWAIT_CPU_STATE_BPF_H

/* The body of a program that pins its CPU around it, unless it is pinned already. */
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
/* Some kernels pin programs on tracepoints themselves: before Linux 6.13 on all; since then, for those of
 * system calls, by other code than for the rest.  Whether this one does is found out by experiment:
 * cpu_pinning.c.  What it spares is more than time: see session_skeleton_open(). */
#define PINNED_EVENT(body) PINNED_UNLESS(events_pinned, body, 0)
/* For the raw programs of mode waits on system calls. */
#define PINNED_CALL(body) PINNED_UNLESS(calls_pinned, body, 0)

/* The kernel has not shown the switch to this task (seen: some switches from kernel threads, one in several
 * thousand).  The CPU's page is another task's still, and the task's state that of one which is off the CPU:
 * both are brought up to date. */
static __noinline int task_found(struct cpu_state *c, struct task_state *t, u64 identity)
{
    if (!c || !t)
        return 0;
    u64 now = bpf_ktime_get_ns();
    if (ledger) {
        loss_add(LOSS_SWITCH, 1); /* mode waits only doesn't know where a waiter's last microseconds went */
        cpu_found(now);
        thread_return(t, now);
    }
    if (t->in_call)
        cpu_return(c, t, now);
    if (memory_counted)
        memory_awake(t, now);
    task_load(c, t, identity);
    return 0;
}

/* The task was marked while it ran here.  Until now the CPU took it for one that is not followed. */
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

/* The CPU runs a followed task, and its page doesn't say so: decides between cpu_join() and task_found(). The
 * command, which user space marks while it sleeps, has no account yet if the switch to it was not shown. */
static __always_inline void cpu_meets(struct cpu_state *c, struct task_state *t, u64 identity,
                                      enum meeting meeting)
{
    bool begun = !ledger || t->record.thread;
    if (t->unsettled || (begun && c->owner == identity))
        cpu_join(c, t, identity, meeting);
    else
        task_found(c, t, identity);
}

/* Looks the running task up and sets c->mine or c->passer.  Called when the task is not the one that the page
 * knows, or when user space has wiped out `passer`.  `passer` is set before the task is looked up, and the
 * exchange is a full barrier.  User space marks first and wipes out `passer` then.  So either the mark is
 * seen here, or what is wiped out is this very `passer`.  The same goes for `bystanders`. */
static __noinline int cpu_look(struct cpu_state *c, u64 identity, u32 meeting)
{
    if (!c)
        return 0;
    c->stack = 0;
    if (bystanders_kept)
        bystander_here()->task = identity;
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

/* Returns the page of this CPU if the task that it runs is followed.  NULL if it is not, if a program that
 * this one has interrupted is at the page, or if the recording has been stopped. */
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
