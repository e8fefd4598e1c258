/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Mode ledger: what each CPU is used for.  Owns the map `cpus`.  What a thread does there is ledger.bpf.h's.
 * Needs vmlinux.h, abi.h, tasks.bpf.h. */
#ifndef HEAPWAIT_CPU_USE_BPF_H
#define HEAPWAIT_CPU_USE_BPF_H

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, struct cpu_account);
} cpus SEC(".maps");

/* The CPU is about to be left by `prev`: the time since the last switch is booked on that task's kind. */
static __always_inline void cpu_account(bool followed, struct task_struct *prev, u64 now)
{
    u32 zero = 0;
    struct cpu_account *c = bpf_map_lookup_elem(&cpus, &zero);
    if (!c)
        return;
    u32 use = followed ? CPU_FOLLOWED : prev->pid ? CPU_OTHER : CPU_IDLE;
    c->ns[use] += now - c->since_ns;
    c->since_ns = now;
}

/* The CPU runs `next` from now on; `in` is NULL if that is not followed. */
static __always_inline void cpu_next(const struct task_state *in, struct task_struct *next)
{
    u32 zero = 0;
    struct cpu_account *c = bpf_map_lookup_elem(&cpus, &zero);
    if (!c)
        return;
    if (in)
        c->use = in->kept ? CPU_EXITING : CPU_FOLLOWED;
    else
        c->use = next->pid ? CPU_OTHER : CPU_IDLE;
}

/* The running task, which is followed, has begun to exit: its account has been kept up to `now`. */
static __always_inline void cpu_exiting(u64 now)
{
    u32 zero = 0;
    struct cpu_account *c = bpf_map_lookup_elem(&cpus, &zero);
    if (!c || (s64)(now - c->since_ns) < 0)
        return;
    c->ns[CPU_FOLLOWED] += now - c->since_ns;
    c->since_ns = now;
    c->use = CPU_EXITING;
}

/* A followed task is found on a CPU that was thought to do something else.  What it was thought to do is
 * booked up to `now`. */
static __always_inline void cpu_found(u64 now)
{
    u32 zero = 0;
    struct cpu_account *c = bpf_map_lookup_elem(&cpus, &zero);
    if (!c)
        return;
    u32 use = c->use < CPU_USES ? c->use : CPU_OTHER;
    if ((s64)(now - c->since_ns) < 0)
        now = c->since_ns;
    c->ns[use] += now - c->since_ns;
    c->since_ns = now;
    c->use = CPU_FOLLOWED;
}

#endif
