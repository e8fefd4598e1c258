/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Both modes through perf's events of all system calls.  Where programs on tracepoints of system calls can be
 * preempted, the kernel skips each further run of such a program on that CPU until the preempted thread runs
 * again.  perf disables preemption around the programs of these events, which share the CPU's buffers
 * (include/trace/perf.h).  That costs others more, and loses nothing.  A result of 0 would mean: nobody else
 * gets the event.  Needs raw_calls.bpf.h and what that needs. */
#ifndef HEAPWAIT_SYSCALL_EVENTS_BPF_H
#define HEAPWAIT_SYSCALL_EVENTS_BPF_H

static __always_inline struct pt_regs *registers_here(void)
{
    return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

SEC("tracepoint")
int event_enter(struct syscall_event *ctx)
{
    s64 nr = ctx->nr;
    if (!ledger) {
        if (is_futex_syscall(nr) || (memory_counted && memory_kind_of(nr)))
            raw_enter_pinned(registers_here(), nr);
        return 1;
    }
    struct pt_regs *regs = registers_here();
    if (bystander_here()->task != (u64)regs)
        ledger_enter_pinned(regs, nr);
    return 1;
}

SEC("tracepoint")
int event_exit(struct syscall_event *ctx)
{
    s64 nr = ctx->nr, ret = ctx->result;
    if (!ledger && memory_counted && memory_kind_of(nr)) {
        raw_memory(registers_here(), nr, AT_EXIT);
        return 1;
    }
    if (!ledger) {
        struct cpu_state *c = is_futex_syscall(nr) ? cpu_followed((u64)registers_here(), AT_EXIT) : NULL;
        if (c && c->in_call != NO_CALL)
            waits_exit(c, ret);
        else if (c)
            exit_unmatched(c, nr, ret);
        return 1;
    }
    struct pt_regs *regs = registers_here();
    if (bystander_here()->task != (u64)regs)
        ledger_exit_pinned(regs, ret, false);
    return 1;
}

#endif
