/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Mode waits through the kernel's functions of the futex calls, by fentry and fexit: they cost least of all
 * hooks, and others pay nothing for their system calls.  Such programs can be preempted where the kernel can,
 * and are skipped then: they serve only where it can't (hooks.h).  The functions get the task's registers.
 * Needs syscalls.bpf.h and what that needs. */
#ifndef HEAPWAIT_FUNCTIONS_BPF_H
#define HEAPWAIT_FUNCTIONS_BPF_H

/* A futex call begins, which was not seen to by function_enter_short(). */
static __noinline int function_enter(struct pt_regs *regs, s64 nr)
{
    struct cpu_state *c = regs ? cpu_followed((u64)regs, AT_ENTER) : NULL;
    if (!c)
        return 0;
    const u64 args[3] = ARGUMENTS(regs);
    c->in_call = NO_CALL;
    if (call_is_wake(class_of(c, nr), args[1]) && wake_is_short(c, args))
        return 0;
    return waits_begin(c, nr, args);
}

/* A futex call ends, which was not seen to by short_wake_end(). */
static __noinline int function_exit(struct pt_regs *regs, s64 nr, s64 ret)
{
    struct cpu_state *c = regs ? cpu_followed((u64)regs, AT_EXIT) : NULL;
    if (!c)
        return 0;
    if (c->in_call != NO_CALL)
        return waits_exit(c, ret);
    return exit_unmatched(c, nr, ret);
}

/* Returns true if the call is a wake that is not to be timed; it has begun as a SHORT_CALL then. */
static __always_inline bool function_enter_short(struct cpu_state *c, struct pt_regs *regs)
{
    const u64 args[3] = ARGUMENTS(regs);
    if (c->hands_off || !short_untimed(c) || !call_is_wake(CLASS_FUTEX, args[1]))
        return false;
    short_wake_begin(c, args[0], (u32)args[2]);
    c->gap -= 1;
    return true;
}

SEC("fentry")
int BPF_PROG(enter_futex, struct pt_regs *regs)
{
    struct cpu_state *c = cpu_here();
    if (c && (c->mine == (u64)regs ? function_enter_short(c, regs) : c->passer == (u64)regs))
        return 0;
    return function_enter(regs, nr_futex);
}

SEC("fexit")
int BPF_PROG(exit_futex, struct pt_regs *regs, long ret)
{
    struct cpu_state *c = cpu_here();
    if (c && (c->mine == (u64)regs ? c->in_call == SHORT_CALL && short_wake_end(c, ctx, 8)
                                   : c->passer == (u64)regs))
        return 0;
    return function_exit(regs, nr_futex, ret);
}

/* The calls that came later, and the one by which the kernel goes on with a wait. */
#define FUNCTION(name, nr)                                                                                   \
    SEC("fentry")                                                                                            \
    int BPF_PROG(enter_##name)                                                                               \
    {                                                                                                        \
        return function_enter((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()), nr);           \
    }                                                                                                        \
    SEC("fexit")                                                                                             \
    int BPF_PROG(exit_##name, const void *regs, long ret)                                                    \
    {                                                                                                        \
        return function_exit((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()), nr, ret);       \
    }
FUNCTION(restart_syscall, nr_restart)
FUNCTION(futex_waitv, nr_waitv)
FUNCTION(futex_wake, nr_wake)
FUNCTION(futex_wait, nr_wait)
FUNCTION(futex_requeue, nr_requeue)

#endif
