/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Who is followed: the state kept for each task, the address spaces, and the counters of what was lost.  What
 * a state means for futexes and for the ledger is futex.bpf.h's and ledger.bpf.h's. */
#ifndef HEAPWAIT_FOLLOW_BPF_H
#define HEAPWAIT_FOLLOW_BPF_H

enum {
    CACHE_SLOTS = 4,
    CLONE_THREAD = 0x10000,
};

/* Set by user space before loading. */
const volatile bool
    ledger; /* mode ledger; else mode waits, and what belongs to the ledger is never verified in */

bool stopped;     /* by user space: nothing is recorded from here on */
u32 spaces_made;  /* the number of the newest address space */
u32 threads_made; /* the number of the newest thread */
u64 living_tasks; /* followed tasks that were still there at the end */
u64 losses[LOSS_COUNT];

struct cache_slot {
    struct word_key key;
    struct word_totals totals;
};

struct task_state {
    u32 space;
    /* of the futex call under way */
    u8 in_call;
    u8 op;
    u8 slept;       /* left the CPU to sleep at least once */
    u8 off_cpu;     /* enum where */
    u8 restartable; /* the last wait was interrupted so that the kernel will restart it */
    /* of the ledger */
    u8 state;       /* enum thread_state */
    u8 base;        /* the state it has when on-CPU and not held up by a lock of the kernel's */
    u8 contended;   /* how many locks of the kernel's it waits for (they may nest) */
    u8 lock_state;  /* which of the two spinning states */
    u8 file_random; /* what file_seen is */
    u8 pad[2];
    u32 expected;
    u32 file_generation;
    u64 address;
    u64 waiters; /* futex_waitv's array */
    u64 enter_ns;
    u64 off_ns;   /* since when it has been where off_cpu says */
    u64 woken_ns; /* when the sleeping waiter was woken; 0: it wasn't */
    u64 blocked_ns;
    u64 runnable_ns;
    u64 lock_ns;  /* the ledger's lock states at the call's beginning */
    u64 since_ns; /* since when it has been in `state` */
    u64 file_seen;
    struct cache_slot cache[CACHE_SLOTS];
    struct thread_record record;
};
enum where { ON_CPU, BLOCKED, RUNNABLE };

struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct task_state);
} tasks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1 << 16);
    __type(key, u32);
    __type(value, struct space_info);
} spaces SEC(".maps");

static __always_inline void loss_add(enum loss_reason reason, u64 count)
{
    __sync_fetch_and_add(&losses[reason], count);
}

/* NULL for a task that is not followed.  Most tasks have no storage at all: one load tells. */
static __always_inline struct task_state *task_followed(struct task_struct *task)
{
    if (bpf_core_field_exists(task->bpf_storage) && !task->bpf_storage)
        return NULL;
    if (stopped)
        return NULL;
    return bpf_task_storage_get(&tasks, task, NULL, 0);
}

static __always_inline u32 task_run_state(struct task_struct *task)
{
    if (bpf_core_field_exists(task->__state))
        return task->__state;
    return BPF_CORE_READ((struct task_struct___old *)task, state);
}

static __always_inline bool task_is_compat(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
    return task->thread_info.status & 0x2; /* TS_COMPAT */
#elif defined(__TARGET_ARCH_arm64)
    return task->thread_info.flags & (1ul << 22); /* TIF_32BIT */
#else
    return false;
#endif
}

/* The pid namespace of heapwait is that of the command, the first followed task: its level is kept. */
u32 pid_level;
bool pid_level_known;

/* The number of `pid` in heapwait's pid namespace. */
static __noinline u32 pid_number(struct pid *pid)
{
    int nr = 0;
    if (!pid_level_known) {
        pid_level = BPF_CORE_READ(pid, level);
        pid_level_known = true;
    }
    u32 stride = bpf_core_type_size(struct upid);
    bpf_probe_read_kernel(&nr, sizeof(nr),
                          (void *)pid + bpf_core_field_offset(struct pid, numbers) + pid_level * stride +
                              bpf_core_field_offset(struct upid, nr));
    return (u32)nr;
}

static __always_inline u32 task_tgid(struct task_struct *task)
{
    return pid_number(BPF_CORE_READ(task, group_leader, thread_pid));
}

static __noinline u32 space_new(struct task_struct *task, u32 parent, bool by_exec)
{
    u32 id = __sync_fetch_and_add(&spaces_made, 1) + 1;
    struct space_info info = {
        .born_ns = bpf_ktime_get_ns(), .tgid = task_tgid(task), .parent = parent, .by_exec = by_exec};
    if (bpf_map_update_elem(&spaces, &id, &info, BPF_NOEXIST))
        loss_add(LOSS_SPACE, 1);
    return id;
}

#endif
