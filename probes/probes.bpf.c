// SPDX-License-Identifier: MIT OR GPL-2.0
/* The programs, one for each event; what an event means is in the headers.  Mode `waits`: every futex call of
 * the followed tasks, added up by word and outcome.  Mode `ledger`: that, and where each thread was at any
 * time.
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
#include "follow.bpf.h"
#include "futex.bpf.h"
#include "ledger.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* ---- mode waits: futex calls through the tracepoints of each syscall (programs run for futex calls only)
 * ---- */

SEC("tracepoint")
int syscall_enter_record(struct syscall_enter_record *ctx)
{
    struct task_state *t = task_followed(bpf_get_current_task_btf());
    if (t)
        call_enter(t, ctx->nr, ctx->args, bpf_ktime_get_ns());
    return 0;
}

/* A program of its own: it may not read arguments, of which this system call has none. */
SEC("tracepoint")
int restart_enter_record(struct syscall_enter_record *ctx)
{
    struct task_state *t = task_followed(bpf_get_current_task_btf());
    if (t)
        call_restart(t, bpf_ktime_get_ns());
    return 0;
}

SEC("tracepoint")
int syscall_exit_record(struct syscall_exit_record *ctx)
{
    struct task_state *t = task_followed(bpf_get_current_task_btf());
    if (t)
        call_exit(t, ctx->nr, ctx->ret, bpf_ktime_get_ns());
    return 0;
}

/* ---- the raw tracepoints of all system calls: mode ledger, and mode waits for those who may not read
 * tracefs ---- */

#if defined(__TARGET_ARCH_x86)
#define ARGUMENTS(regs)                                                                                      \
    {                                                                                                        \
        (regs)->di, (regs)->si, (regs)->dx                                                                   \
    }
#else
#define ARGUMENTS(regs)                                                                                      \
    {                                                                                                        \
        (regs)->orig_x0, (regs)->user_regs.regs[1], (regs)->user_regs.regs[2]                                \
    }
#endif

static __always_inline void raw_futex_enter(struct task_state *t, struct task_struct *task,
                                            struct pt_regs *regs, long nr, u64 now)
{
    const u64 args[3] = ARGUMENTS(regs);
    if (task_is_compat(task))
        loss_add(LOSS_COMPAT, 1);
    else
        call_enter(t, nr, args, now);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(raw_enter, struct pt_regs *regs, long nr)
{
    if (!is_futex_syscall(nr))
        return 0;
    struct task_struct *task = bpf_get_current_task_btf();
    struct task_state *t = task_followed(task);
    if (t)
        raw_futex_enter(t, task, regs, nr, bpf_ktime_get_ns());
    return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(raw_exit, struct pt_regs *regs, long ret)
{
    struct task_state *t = task_followed(bpf_get_current_task_btf());
    if (t && t->in_call)
        call_exit(t, nr_futex, ret, bpf_ktime_get_ns());
    return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(ledger_enter, struct pt_regs *regs, long nr)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct task_state *t = task_followed(task);
    if (!t)
        return 0;
    u64 now = bpf_ktime_get_ns();
    u8 class = class_of(nr), base;
    if (class == CLASS_FUTEX) {
        raw_futex_enter(t, task, regs, nr, now);
        base = t->in_call ? futex_state(t->op) : STATE_SYSCALL;
    } else {
        const u64 args[3] = ARGUMENTS(regs);
        base = syscall_state(t, task, class, args[0]);
    }
    if (thread_ready(t, now, base))
        state_set(t, base, now);
    t->base = base;
    t->record.syscalls += 1;
    return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(ledger_exit, struct pt_regs *regs, long ret)
{
    struct task_state *t = task_followed(bpf_get_current_task_btf());
    if (!t)
        return 0;
    u64 now = bpf_ktime_get_ns();
    if (thread_ready(t, now, STATE_USER))
        state_set(t, STATE_USER, now);
    t->base = STATE_USER;
    if (t->in_call)
        call_exit(t, nr_futex, ret, now);
    return 0;
}

/* ---- the scheduler ---- */

static __always_inline void task_leave(struct task_state *t, struct task_struct *task, bool preempt, u64 now)
{
    u32 state = task_run_state(task);
    bool runnable = preempt || state == 0;
    if (ledger && state & TASK_DEAD_STATE) {
        thread_keep(t, task, now);
        return;
    }
    if (ledger)
        thread_leave(t, runnable, now);
    if (t->in_call)
        cpu_leave(t, runnable, now);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
    struct task_state *out = task_followed(prev), *in = task_followed(next);
    if (!ledger && !out && !in)
        return 0;
    u64 now = bpf_ktime_get_ns();
    if (ledger && !stopped) {
        cpu_account(out != NULL, prev, now);
        cpu_next(in != NULL, next);
    }
    if (out && (ledger || out->in_call))
        task_leave(out, prev, preempt, now);
    if (in && ledger)
        thread_return(in, now);
    if (in && in->in_call)
        cpu_return(in, now);
    return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *task)
{
    struct task_state *t = task_followed(task);
    if (!t || !(ledger || t->in_call))
        return 0;
    u64 now = bpf_ktime_get_ns();
    if (ledger)
        thread_wakeup(t, now);
    if (t->in_call)
        call_wakeup(t, now);
    return 0;
}

/* ---- birth, change and death ---- */

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
    if (ledger)
        thread_begin(child, bpf_ktime_get_ns(), STATE_WOKEN);
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
    if (ledger && timeline_length_ns && !timeline_from_ns)
        timeline_from_ns = bpf_ktime_get_ns() + timeline_after_ns;
    return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
    struct task_state *t = task_followed(task);
    if (!t)
        return 0;
    u64 now = bpf_ktime_get_ns();
    call_finish(t, now);
    if (!ledger)
        return 0;
    if (thread_ready(t, now, STATE_EXITING))
        state_set(t, STATE_EXITING, now);
    t->base = STATE_EXITING;
    thread_keep(t, task, now);
    return 0;
}

/* ---- mode ledger only ---- */

SEC("tp_btf/contention_begin")
int BPF_PROG(on_contention, void *lock, unsigned int flags)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct task_state *t = task_followed(task);
    if (t)
        lock_begin(t, task, (u64)lock, bpf_ktime_get_ns());
    return 0;
}

SEC("tp_btf/contention_end")
int BPF_PROG(on_contention_end, void *lock, int ret)
{
    struct task_state *t = task_followed(bpf_get_current_task_btf());
    if (t)
        lock_end(t, bpf_ktime_get_ns());
    return 0;
}

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *ctx)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct task_state *t = task_followed(task);
    if (!t)
        return 0;
#if defined(__TARGET_ARCH_x86)
    sample_add(t, task, ctx->regs.ip);
#else
    sample_add(t, task, ctx->regs.pc);
#endif
    return 0;
}

/* ---- the end ---- */

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
    u64 now = bpf_ktime_get_ns();
    if (!(task_run_state(task) & TASK_DEAD_STATE))
        __sync_fetch_and_add(&living_tasks, 1);
    call_finish(t, now);
    if (ledger)
        thread_keep(t, task, now);
    bpf_task_storage_delete(&tasks, task);
    return 0;
}
