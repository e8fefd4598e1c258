/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Mode waits through the kernel's functions of the futex calls, by fentry and fexit: they cost least of all
 * hooks, and others pay nothing for their system calls.  Such programs can be preempted where the kernel can,
 * and are skipped then: they serve only where it can't (hooks.h).  The functions get the task's registers.
 * Needs syscalls.bpf.h and what that needs. */
#ifndef HEAPWAIT_FUNCTIONS_BPF_H
#define HEAPWAIT_FUNCTIONS_BPF_H

/* A futex call begins, which was not seen to by futex_enter_short(). */
static __noinline int function_enter(struct pt_regs *regs, s64 nr)
{
    struct cpu_state *c = regs ? cpu_followed((u64)regs, AT_ENTER) : NULL;
    if (!c)
        return 0;
    const u64 args[3] = ARGUMENTS(regs);
    call_forget(c);
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

/* These two read their arguments where they need them: see short_calls.bpf.h. */

SEC("fentry")
int enter_futex(void *ctx)
{
    struct cpu_state *c = cpu_here();
    struct pt_regs *regs = (struct pt_regs *)ARGUMENT(ctx, 0);
    if (c && (c->mine == (u64)regs ? futex_enter_short(c, regs) : c->passer == (u64)regs))
        return 0;
    return function_enter(regs, nr_futex);
}

SEC("fexit")
int exit_futex(void *ctx)
{
    struct cpu_state *c = cpu_here();
    u64 task = ARGUMENT(ctx, 0);
    if (c && (c->mine == task ? futex_exit_short(c, ctx) : c->passer == task))
        return 0;
    return function_exit((struct pt_regs *)ARGUMENT(ctx, 0), nr_futex, ARGUMENT(ctx, 1));
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

/* Mode profile: the calls on memory. */
#define MEMORY_FUNCTION(name, kind)                                                                          \
    SEC("fentry")                                                                                            \
    int BPF_PROG(enter_##name, struct pt_regs *regs)                                                         \
    {                                                                                                        \
        struct cpu_state *c = cpu_followed((u64)bpf_task_pt_regs(bpf_get_current_task_btf()), AT_ENTER);     \
        return c ? memory_enter(c, kind) : 0;                                                                \
    }                                                                                                        \
    SEC("fexit")                                                                                             \
    int BPF_PROG(exit_##name, struct pt_regs *regs, long ret)                                                \
    {                                                                                                        \
        struct cpu_state *c = cpu_followed((u64)bpf_task_pt_regs(bpf_get_current_task_btf()), AT_EXIT);      \
        return c ? memory_exit(c, bpf_ktime_get_ns()) : 0;                                                   \
    }
MEMORY_FUNCTION(mmap, MEMORY_MMAP)
MEMORY_FUNCTION(munmap, MEMORY_MUNMAP)
MEMORY_FUNCTION(mremap, MEMORY_MREMAP)
MEMORY_FUNCTION(madvise, MEMORY_MADVISE)
MEMORY_FUNCTION(mprotect, MEMORY_MPROTECT)
MEMORY_FUNCTION(brk, MEMORY_BRK)

#endif
