/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Modes waits and profile through the raw tracepoints of all system calls, for those who may not read
 * tracefs.  Needs syscalls.bpf.h and what that needs. */
#ifndef HEAPWAIT_RAW_CALLS_BPF_H
#define HEAPWAIT_RAW_CALLS_BPF_H

/* Mode profile: another system call than a futex call begins, or ends. */
static __always_inline int raw_memory(struct pt_regs *regs, s64 nr, enum meeting meeting)
{
    u8 kind = memory_counted ? memory_kind_of(nr) : 0;
    struct cpu_state *c = kind && !call_is_compat(regs) ? cpu_followed((u64)regs, meeting) : NULL;
    if (c && meeting == AT_ENTER)
        memory_enter(c, kind);
    else if (c)
        memory_exit(c, bpf_ktime_get_ns());
    return 0;
}

static __always_inline int raw_enter_pinned(struct pt_regs *regs, long nr)
{
    if (!is_futex_syscall(nr))
        return raw_memory(regs, nr, AT_ENTER);
    struct cpu_state *c = cpu_followed((u64)regs, AT_ENTER);
    if (!c)
        return 0;
    if (call_is_compat(regs))
        return 0; /* the number means another call there: see LOSS_COMPAT */
    const u64 args[3] = ARGUMENTS(regs);
    call_forget(c);
    if (call_is_wake(class_of(c, nr), args[1]) && wake_is_short(c, args))
        return 0;
    return waits_begin(c, nr, args);
}

static __noinline int raw_enter_rest(struct pt_regs *regs, s64 nr)
{
    PINNED_CALL(raw_enter_pinned(regs, nr));
}

/* Returns true if a call of this class means nothing to mode waits, nor to mode profile. */
static __always_inline bool class_is_other(u8 class)
{
    return class < CLASS_FUTEX && !(memory_counted && class == CLASS_MEMORY);
}

/* Returns true if the beginning of the call has been seen to, or means nothing.  As in the programs of
 * short_calls.bpf.h most calls are seen to by what the CPU's page knows. */
static __always_inline bool raw_enter_short(const void *ctx)
{
    struct cpu_state *c = cpu_here();
    struct pt_regs *regs = (struct pt_regs *)ARGUMENT(ctx, 0);
    if (!c)
        return false;
    if (c->mine != (u64)regs || c->in_call != NO_CALL)
        return false;
    u8 class = class_of(c, ARGUMENT(ctx, 1));
    return class_is_other(class) ||
           (class == CLASS_FUTEX && call_is_native(regs) && futex_enter_short(c, regs));
}

SEC("tp_btf/sys_enter")
int raw_enter(void *ctx)
{
    if (calls_pinned && (passes_by(ctx) || raw_enter_short(ctx)))
        return 0;
    return raw_enter_rest((struct pt_regs *)ARGUMENT(ctx, 0), ARGUMENT(ctx, 1));
}

static __always_inline int raw_exit_pinned(struct pt_regs *regs, long ret)
{
    struct cpu_state *c = cpu_followed((u64)regs, AT_EXIT);
    if (!c)
        return 0;
    raw_exit_skippable(c, regs, ret);
    if (memory_counted && c->memory)
        memory_exit(c, bpf_ktime_get_ns());
    return c->in_call != NO_CALL ? waits_exit(c, ret) : 0;
}

static __noinline int raw_exit_rest(struct pt_regs *regs, s64 ret)
{
    PINNED_CALL(raw_exit_pinned(regs, ret));
}

/* Returns true if the end of the call has been seen to, or means nothing. */
static __always_inline bool raw_exit_short(const void *ctx)
{
    struct cpu_state *c = cpu_here();
    struct pt_regs *regs = (struct pt_regs *)ARGUMENT(ctx, 0);
    if (!c)
        return false;
    if (c->mine != (u64)regs)
        return false;
    u8 class = class_of(c, call_number_here(regs));
    if (c->in_call != NO_CALL)
        return class == CLASS_FUTEX && futex_exit_short(c, ctx);
    return class_is_other(class);
}

SEC("tp_btf/sys_exit")
int raw_exit(void *ctx)
{
    if (calls_pinned && (passes_by(ctx) || raw_exit_short(ctx)))
        return 0;
    return raw_exit_rest((struct pt_regs *)ARGUMENT(ctx, 0), ARGUMENT(ctx, 1));
}

#endif
