/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* System calls on memory (mmap and its kin) by kind: how many, how long from entry to exit, how long asleep.
 * Modes profile and ledger.  Owns the map `memory_calls`.  The call under way is noted in the task's state,
 * and on the CPU's page that there is one.  Which program sees it begin and end is for syscalls.bpf.h,
 * memory_records.bpf.h and functions.bpf.h to know.  Needs tasks.bpf.h. */
#ifndef HEAPWAIT_MEMORY_CALLS_BPF_H
#define HEAPWAIT_MEMORY_CALLS_BPF_H

/* Set by user space before loading. */
const volatile bool memory_counted;
const volatile s64 nr_memory[MEMORY_KINDS]; /* by enum memory_kind */

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1 << 16);
    __type(key, struct memory_key);
    __type(value, struct memory_totals);
} memory_calls SEC(".maps");

/* Returns the kind of the system call of that number, enum memory_kind; 0: it is none of them. */
static __always_inline u8 memory_kind_of(s64 nr)
{
    for (u32 kind = 1; kind < MEMORY_KINDS; kind++)
        if (nr == nr_memory[kind])
            return kind;
    return 0;
}

static __always_inline void memory_add(u32 space, u8 kind, u64 total_ns, u64 blocked_ns)
{
    struct memory_key key = {.space = space, .kind = kind};
    const struct memory_totals none = {};
    struct memory_totals *m = bpf_map_lookup_elem(&memory_calls, &key);
    if (!m) {
        bpf_map_update_elem(&memory_calls, &key, &none, BPF_NOEXIST);
        m = bpf_map_lookup_elem(&memory_calls, &key);
    }
    if (!m) {
        loss_add(LOSS_MEMORY, 1);
        return;
    }
    __sync_fetch_and_add(&m->calls, 1);
    __sync_fetch_and_add(&m->total_ns, total_ns);
    __sync_fetch_and_add(&m->blocked_ns, blocked_ns);
}

/* The task leaves the CPU to sleep in the call. */
static __always_inline void memory_sleep(struct task_state *t, u64 now)
{
    t->memory_off_ns = now;
}

/* The task is woken, or is back on a CPU, or its account ends. */
static __always_inline void memory_awake(struct task_state *t, u64 now)
{
    if (t->memory_off_ns && now > t->memory_off_ns)
        t->memory_blocked_ns += now - t->memory_off_ns;
    t->memory_off_ns = 0;
}

/* The call under way ends. */
static __always_inline void memory_end(struct task_state *t, u64 now)
{
    if (!t->memory_kind)
        return;
    memory_awake(t, now);
    u64 total = now > t->memory_since_ns ? now - t->memory_since_ns : 0;
    memory_add(t->space, t->memory_kind, total, t->memory_blocked_ns);
    t->memory_kind = 0;
}

/* A call of the CPU's task begins. */
static __noinline int memory_enter(struct cpu_state *c, u32 kind)
{
    struct task_state *t = c ? task_state_of(bpf_get_current_task_btf()) : NULL;
    if (!t)
        return 0;
    t->memory_kind = kind;
    t->memory_blocked_ns = 0;
    t->memory_off_ns = 0;
    c->memory = 1;
    t->memory_since_ns = bpf_ktime_get_ns();
    return 0;
}

/* A call of the CPU's task ends.  One that had begun before the task was followed is not counted. */
static __noinline int memory_exit(struct cpu_state *c, u64 now)
{
    struct task_state *t = c && c->memory ? task_state_of(bpf_get_current_task_btf()) : NULL;
    if (!t)
        return 0;
    c->memory = 0;
    memory_end(t, now);
    return 0;
}

#endif
