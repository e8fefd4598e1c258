/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Tasks that run already when heapwait comes: which are wanted, how they are marked, and what each was doing
 * then.  Owns the maps `wanted` and `processes`.  What a running task does can't be seen from another CPU. So
 * it is marked as unsettled, and its first event tells where it was until then: a call that returns had begun
 * before, a task that is woken was asleep.  Once it is marked, nothing is written to a task's state but by
 * its own events, until the recording has ended.  Needs futex.bpf.h, ledger.bpf.h, tasks.bpf.h. */
#ifndef HEAPWAIT_RUNNING_TASKS_BPF_H
#define HEAPWAIT_RUNNING_TASKS_BPF_H

enum {
    TASK_KERNEL_THREAD = 0x00200000, /* PF_KTHREAD */
    TASK_IS_EXITING = 0x4,           /* PF_EXITING */
    CGROUP_DEPTH = 64,               /* deeper ones are not known to be below the wanted one */
    NO_SYSTEM_CALL = -1,
};

/* The kind of event by which a task is met.  What its registers say depends on it. */
enum meeting {
    AT_ENTER,  /* it enters a system call: until now it was in user code */
    AT_EXIT,   /* it leaves one */
    AT_KERNEL, /* elsewhere in the kernel, or off the CPU */
    AT_EXEC,   /* at the end of an exec, its registers are new */
    AT_LARGE,  /* it runs on some CPU, its registers are of no use */
};

/* Set by user space before tasks are marked. */
u32 follow_scope;  /* enum follow_scope */
u64 follow_cgroup; /* the number of the wanted cgroup */
u32 own_process;   /* heapwait itself, which is never followed */
u32 cgroup_moves;  /* how often a process was moved into the wanted cgroup */

/* FOLLOW_PROCESSES: the wanted processes.  Key: the process's number in heapwait's pid namespace.  Value: how
 * many of its tasks have been marked. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, WANTED_PROCESSES);
    __type(key, u32);
    __type(value, u32);
} wanted SEC(".maps");

/* The number of the address space of each process that was marked while it lived.  Its threads are met one by
 * one, and all get the same number. */
struct process_key {
    u64 started_ns; /* of the leader: numbers come again */
    u32 tgid;
    u32 pad;
};
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1 << 17);
    __type(key, struct process_key);
    __type(value, u32);
} processes SEC(".maps");

/* What a task's state begins with: too large for the BPF stack. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, struct task_state);
} fresh_tasks SEC(".maps");

/* ---- which are wanted ---- */

/* Returns true if the task is in the wanted cgroup, or in one below it. */
static __always_inline bool task_in_cgroup(struct task_struct *task)
{
    struct cgroup *group = BPF_CORE_READ(task, cgroups, dfl_cgrp);
    for (int i = 0; i < CGROUP_DEPTH && group; i++) {
        if (BPF_CORE_READ(group, kn, id) == follow_cgroup)
            return true;
        struct cgroup_subsys_state *parent = BPF_CORE_READ(group, self.parent);
        group = parent ? BPF_CORE_READ(parent, cgroup) : NULL;
    }
    return false;
}

/* Returns true if the task is wanted because of its cgroup, or because all are; never by its number. */
static __always_inline bool task_in_scope(struct task_struct *task)
{
    if (follow_scope < FOLLOW_CGROUP || stopped)
        return false;
    if (task->flags & TASK_KERNEL_THREAD || (u32)task->tgid == own_process)
        return false;
    return follow_scope == FOLLOW_ALL || task_in_cgroup(task);
}

/* ---- marking ---- */

/* Returns the number of the address space of the task's process, which gets one if it has none yet. */
static __noinline u32 space_of_process(struct task_struct *task)
{
    struct process_key key = {.started_ns = BPF_CORE_READ(task, group_leader, start_time),
                              .tgid = task->tgid};
    u32 *known = bpf_map_lookup_elem(&processes, &key);
    if (known)
        return *known;
    u32 space = space_new(task, 0, false);
    bpf_map_update_elem(&processes, &key, &space, BPF_ANY);
    if (program_is_32bit(task))
        loss_add(LOSS_COMPAT, 1);
    return space;
}

/* Begins to follow a task that lives.  Returns its state; NULL: there is no memory for one. */
static __always_inline struct task_state *task_mark(struct task_struct *task, u32 space)
{
    u32 zero = 0;
    struct task_state *fresh = bpf_map_lookup_elem(&fresh_tasks, &zero);
    if (!fresh)
        return NULL;
    u64 now = bpf_ktime_get_ns();
    __builtin_memset(fresh, 0, sizeof(*fresh));
    fresh->unsettled = 1;
    fresh->space = space;
    fresh->since_ns = now;
    fresh->weight = 1;
    fresh->faults_before = BPF_CORE_READ(task, min_flt) + BPF_CORE_READ(task, maj_flt);
    if (ledger) {
        fresh->record.thread = __sync_fetch_and_add(&threads_made, 1) + 1;
        fresh->record.born_ns = now;
    }
    struct task_state *t = bpf_task_storage_get(&tasks, task, fresh, BPF_LOCAL_STORAGE_GET_F_CREATE);
    if (!t)
        loss_add(LOSS_TASK, 1);
    __sync_fetch_and_add(&marks, 1); /* user space runs the iterator until this stays: session_iterate() */
    return t;
}

/* ---- what a task was doing when it was marked ---- */

/* Returns the number of the system call that the task is in and sets args[] to its arguments; NO_SYSTEM_CALL
 * if it is in none.  `leaving`: it is known to be in one, and about to leave it.  Else the place of the
 * result tells: x86 enters a call with -ENOSYS there (arch/x86/entry/entry_64.S), arm64 leaves the first
 * argument there (el0_svc_common()).  A call that is over has another value there, as that of a task which is
 * stopped by a signal. */
static __always_inline s64 call_of_task(struct task_struct *task, bool leaving, u64 *args)
{
    struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
    if (!regs || task_is_compat(task))
        return NO_SYSTEM_CALL;
    s64 nr = call_number(regs);
#if defined(__TARGET_ARCH_x86)
    if (!leaving && (s64)BPF_CORE_READ(regs, ax) != -38)
        return NO_SYSTEM_CALL;
    args[0] = BPF_CORE_READ(regs, di);
    args[1] = BPF_CORE_READ(regs, si);
    args[2] = BPF_CORE_READ(regs, dx);
#else
    args[0] = BPF_CORE_READ(regs, orig_x0);
    if (!leaving && BPF_CORE_READ(regs, user_regs.regs[0]) != args[0])
        return NO_SYSTEM_CALL;
    args[1] = BPF_CORE_READ(regs, user_regs.regs[1]);
    args[2] = BPF_CORE_READ(regs, user_regs.regs[2]);
#endif
    return nr < 0 ? NO_SYSTEM_CALL : nr;
}

/* Returns true if the system call is a futex call.  It had begun before the task was marked: it gets into the
 * task's state as `under_way`, with its time from the marking on.  Returns false for calls whose word only
 * the task's own memory tells (futex_waitv(), a restarted wait): their end is a loss. */
static __always_inline bool call_join(struct task_state *t, s64 nr, const u64 *args)
{
    u8 op;
    u32 expected;
    if (nr == nr_futex) {
        op = op_of((u32)args[1]);
        expected = (u32)args[2];
    } else if (nr == nr_wait || nr == nr_wake) {
        op = nr == nr_wait ? OP_WAIT : OP_WAKE;
        expected = (u32)args[1];
    } else
        return false;
    call_begin(t, op, args[0], expected, t->since_ns);
    t->under_way = 1;
    return true;
}

/* Returns the state of a task with that base, by where it is (enum where). */
static __always_inline u8 state_of_place(u8 base, u32 place)
{
    bool waits = base == STATE_FUTEX_WAIT;
    if (place == BLOCKED)
        return waits ? STATE_FUTEX_BLOCKED : STATE_BLOCKED;
    if (place == RUNNABLE)
        return waits ? STATE_FUTEX_RUNNABLE : STATE_PREEMPTED;
    return base;
}

/* Returns the base of a task that is in the system call `nr`. */
static __always_inline u8 base_of_call(struct task_state *t, s64 nr)
{
    const struct cpu_state *c = cpu_here();
    u8 class = c ? class_of(c, nr) : CLASS_OTHER;
    if (t->in_call)
        return futex_state(t->op);
    return class == CLASS_MEMORY ? STATE_MEMORY : class == CLASS_RANDOM ? STATE_RANDOM : STATE_SYSCALL;
}

/* The first event of a marked task.  `place` (enum where) is where the task has been since it was marked,
 * `meeting` (enum meeting) the kind of event. */
static __noinline int task_settle(struct task_state *t, struct task_struct *task, u32 place, u32 meeting)
{
    u64 args[3] = {};
    s64 nr = NO_SYSTEM_CALL;
    if (!t || !task || !__sync_lock_test_and_set(&t->unsettled, 0))
        return 0;
    if (meeting == AT_EXIT || meeting == AT_KERNEL)
        nr = call_of_task(task, meeting == AT_EXIT, args);
    if (nr >= 0 && call_join(t, nr, args)) {
        t->off_cpu = place;
        t->off_ns = t->since_ns;
        t->slept = place == BLOCKED;
    }
    if (!ledger)
        return 0;
    t->base = nr >= 0 ? base_of_call(t, nr) : meeting == AT_EXEC ? STATE_SYSCALL : STATE_USER;
    t->state = state_of_place(t->base, place);
    t->record.entries[index_below(STATE_ROOM, t->state)] = 1;
    return 0;
}

#endif
