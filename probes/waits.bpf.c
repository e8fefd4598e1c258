// SPDX-License-Identifier: MIT OR GPL-2.0
/* Mode `waits`: every futex call of the followed tasks, added up by word and outcome.
 *
 * A task is followed when it has an entry in `tasks` (task storage): user space gives one to the command
 * before its exec, children inherit it at fork, so that no pid is ever compared.  The surprising fact: the
 * totals are kept in a small per-task cache and reach the shared table only when a slot is needed for another
 * word, at exec and at exit.  One task writes its cache, so adding up needs neither atomics nor a hash
 * lookup, and the hot word of a contended program stays in the CPU's own cache. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "abi.h"
#include "waits.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Futex calls through the tracepoints of each syscall (cheapest: programs run for futex calls only). */
SEC("tracepoint")
int syscall_enter_record(struct syscall_enter_record *ctx)
{
    struct task_state *t = task_followed(bpf_get_current_task_btf());
    if (t)
        call_enter(t, ctx->nr, ctx->args);
    return 0;
}

/* A program of its own: it may not read arguments, of which this system call has none. */
SEC("tracepoint")
int restart_enter_record(struct syscall_enter_record *ctx)
{
    struct task_state *t = task_followed(bpf_get_current_task_btf());
    if (t)
        call_restart(t);
    return 0;
}

SEC("tracepoint")
int syscall_exit_record(struct syscall_exit_record *ctx)
{
    struct task_state *t = task_followed(bpf_get_current_task_btf());
    if (t)
        call_exit(t, ctx->nr, ctx->ret);
    return 0;
}

/* The same through the raw tracepoints: for those who may not read tracefs. */
SEC("tp_btf/sys_enter")
int BPF_PROG(raw_enter, struct pt_regs *regs, long nr)
{
    if (!is_futex_syscall(nr))
        return 0;
    struct task_struct *task = bpf_get_current_task_btf();
    struct task_state *t = task_followed(task);
    if (!t)
        return 0;
    if (task_is_compat(task)) {
        loss_add(LOSS_COMPAT, 1);
        return 0;
    }
    u64 args[6] = {
        PT_REGS_PARM1_CORE_SYSCALL(regs), PT_REGS_PARM2_CORE_SYSCALL(regs), PT_REGS_PARM3_CORE_SYSCALL(regs),
        PT_REGS_PARM4_CORE_SYSCALL(regs), PT_REGS_PARM5_CORE_SYSCALL(regs), 0,
    };
    call_enter(t, nr, args);
    return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(raw_exit, struct pt_regs *regs, long ret)
{
    struct task_state *t = task_followed(bpf_get_current_task_btf());
    if (t && t->in_call)
        call_exit(t, nr_futex, ret);
    return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
    struct task_state *t = task_followed(prev);
    if (t && t->in_call)
        cpu_leave(t, preempt || task_is_running(prev));
    t = task_followed(next);
    if (t && t->in_call)
        cpu_return(t);
    return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *task)
{
    struct task_state *t = task_followed(task);
    if (t && t->in_call)
        call_wakeup(t);
    return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(on_newtask, struct task_struct *task, u64 clone_flags)
{
    struct task_state *parent = task_followed(bpf_get_current_task_btf());
    if (!parent)
        return 0;
    struct task_state *child = bpf_task_storage_get(&tasks, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
    if (!child) {
        loss_add(LOSS_TASK, 1);
        return 0;
    }
    child->space = clone_flags & CLONE_THREAD ? parent->space : space_new(task, parent->space, false);
    return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
    struct task_state *t = task_followed(task);
    if (!t)
        return 0;
    cache_flush(t);
    t->space = space_new(task, t->space, true);
    return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
    struct task_state *t = task_followed(task);
    if (t)
        task_finish(t);
    return 0;
}

/* Run by user space after it has set `stopped` and no program above is under way: takes from the tasks that
 * live on what they hold, and follows them no longer. */
SEC("iter/task")
int collect_living(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    if (!task)
        return 0;
    struct task_state *t = bpf_task_storage_get(&tasks, task, NULL, 0);
    if (!t)
        return 0;
    task_finish(t);
    bpf_task_storage_delete(&tasks, task);
    __sync_fetch_and_add(&living_tasks, 1);
    return 0;
}
