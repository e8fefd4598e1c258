/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The programs on system calls, of both modes: through the tracepoints of each futex call, or the raw ones of
 * all calls.  What a futex call is belongs to futex.bpf.h, what a state is to ledger.bpf.h.  Included by
 * probes.bpf.c. */
#ifndef HEAPWAIT_CALLS_BPF_H
#define HEAPWAIT_CALLS_BPF_H

/* ---- mode waits: futex calls through the tracepoints of each syscall (programs run for futex calls only)
 * ---- */

static __always_inline int waits_enter(struct cpu_state *c, s64 nr, const u64 *args)
{
    if (call_is_short(c, nr, args))
        return 0;
    struct task_state *t = task_state_of(bpf_get_current_task_btf());
    if (t)
        call_follow(c, t, nr, args, bpf_ktime_get_ns());
    return 0;
}

static __always_inline int waits_exit(struct cpu_state *c, s64 ret)
{
    c->busy = 1; /* with the cache of words: see hand_over() */
    if (c->in_call == SHORT_CALL) {
        c->in_call = NO_CALL;
        short_call_add(c, ret);
    } else {
        u64 now = bpf_ktime_get_ns();
        struct task_state *t = task_state_of(bpf_get_current_task_btf());
        if (t)
            call_exit(c, t, ret, now);
    }
    c->busy = 0;
    return 0;
}

static __always_inline int syscall_enter_record_pinned(struct syscall_enter_record *ctx)
{
    struct cpu_state *c = cpu_followed((u64)bpf_get_current_task_btf(), AT_ENTER);
    return c ? waits_enter(c, ctx->nr, ctx->args) : 0;
}

SEC("tracepoint")
int syscall_enter_record(struct syscall_enter_record *ctx)
{
    PINNED_TRACEPOINT(syscall_enter_record_pinned(ctx));
}

/* A program of its own: it may not read arguments, of which this system call has none. */
static __always_inline int restart_enter_record_pinned(struct syscall_enter_record *ctx)
{
    const u64 none[3] = {};
    struct cpu_state *c = cpu_followed((u64)bpf_get_current_task_btf(), AT_ENTER);
    return c ? waits_enter(c, nr_restart, none) : 0;
}

SEC("tracepoint")
int restart_enter_record(struct syscall_enter_record *ctx)
{
    PINNED_TRACEPOINT(restart_enter_record_pinned(ctx));
}

static __always_inline int syscall_exit_record_pinned(struct syscall_exit_record *ctx)
{
    struct cpu_state *c = cpu_followed((u64)bpf_get_current_task_btf(), AT_EXIT);
    if (!c)
        return 0;
    if (c->in_call != NO_CALL)
        return waits_exit(c, ctx->ret);
    if (ctx->nr != nr_restart) /* that one may go on with nanosleep or poll */
        loss_add(LOSS_UNMATCHED, 1);
    return 0;
}

SEC("tracepoint")
int syscall_exit_record(struct syscall_exit_record *ctx)
{
    PINNED_TRACEPOINT(syscall_exit_record_pinned(ctx));
}

/* ---- the raw tracepoints of all system calls: mode ledger, and mode waits for those who may not read
 * tracefs ----
 */

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

static __always_inline int raw_enter_pinned(struct pt_regs *regs, long nr)
{
    if (!is_futex_syscall(nr))
        return 0;
    struct cpu_state *c = cpu_followed((u64)regs, AT_ENTER);
    if (!c)
        return 0;
    if (task_is_compat(bpf_get_current_task_btf()))
        return 0; /* the number means another call there: see LOSS_COMPAT */
    const u64 args[3] = ARGUMENTS(regs);
    return waits_enter(c, nr, args);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(raw_enter, struct pt_regs *regs, long nr)
{
    PINNED_CALL(raw_enter_pinned(regs, nr));
}

static __always_inline int raw_exit_pinned(struct pt_regs *regs, long ret)
{
    struct cpu_state *c = cpu_followed((u64)regs, AT_EXIT);
    return c && c->in_call != NO_CALL ? waits_exit(c, ret) : 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(raw_exit, struct pt_regs *regs, long ret)
{
    PINNED_CALL(raw_exit_pinned(regs, ret));
}

static __always_inline int ledger_futex_enter(struct cpu_state *c, struct pt_regs *regs, long nr)
{
    const u64 args[3] = ARGUMENTS(regs);
    struct task_struct *task = bpf_get_current_task_btf();
    if (!task_is_compat(task) && call_is_short(c, nr, args)) {
        c->base = STATE_FUTEX_WAKE;
        return 0;
    }
    struct task_state *t = task_state_of(task);
    if (!t)
        return 0;
    u64 now = bpf_ktime_get_ns();
    if (!task_is_compat(task))
        call_follow(c, t, nr, args, now);
    syscall_begin(c, t, c->in_call != NO_CALL ? futex_state(t->op) : STATE_SYSCALL, now);
    return 0;
}

static __always_inline int ledger_call_enter(struct cpu_state *c, struct pt_regs *regs, long nr)
{
    u8 class = class_of(nr);
    c->syscalls += 1;
    c->timed = 0;
    if (class == CLASS_FUTEX)
        return ledger_futex_enter(c, regs, nr);
    const u64 args[3] = ARGUMENTS(regs);
    c->class = class;
    c->argument = args[0];
    c->in_call = NO_CALL;
    if (class == CLASS_DESCRIPTORS)
        file_generation += 1;
    bool always = class == CLASS_MEMORY; /* there are few, and some are long */
    if (always)
        c->weight = 1;
    else if (!call_is_timed(c)) {
        c->base = class == CLASS_RANDOM ? STATE_RANDOM : STATE_SYSCALL;
        return 0;
    }
    struct task_struct *task = bpf_get_current_task_btf();
    struct task_state *t = task_state_of(task);
    if (!t)
        return 0;
    syscall_begin(c, t, syscall_state(t, task, class, args[0]), bpf_ktime_get_ns());
    t->weight = c->weight;
    return 0;
}

static __always_inline void ledger_enter_pinned(struct pt_regs *regs, long nr)
{
    struct cpu_state *c = cpu_followed((u64)regs, AT_ENTER);
    if (!c)
        return;
    c->busy = 1;
    ledger_call_enter(c, regs, nr);
    c->busy = 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(ledger_enter, struct pt_regs *regs, long nr)
{
    PINNED_CALL(ledger_enter_pinned(regs, nr));
}

static __always_inline int ledger_call_exit(struct cpu_state *c, long ret)
{
    c->base = STATE_USER;
    if (c->in_call == SHORT_CALL) {
        c->in_call = NO_CALL;
        short_call_add(c, ret);
    }
    if (!c->timed)
        return 0;
    c->timed = 0;
    u64 now = bpf_ktime_get_ns(); /* first: the state must not hold what the probe takes */
    struct task_state *t = task_state_of(bpf_get_current_task_btf());
    if (!t)
        return 0;
    if (t->base != STATE_MEMORY && now - t->since_ns > LONG_CALL_NS)
        call_was_long(c);
    if (thread_ready(t, now, STATE_USER))
        state_set(t, STATE_USER, now);
    t->base = STATE_USER;
    if (c->in_call == FOLLOWED_CALL)
        call_exit(c, t, ret, now);
    t->weight = 1;
    return 0;
}

static __always_inline void ledger_exit_pinned(struct pt_regs *regs, long ret)
{
    struct cpu_state *c = cpu_followed((u64)regs, AT_EXIT);
    if (!c)
        return;
    c->busy = 1;
    ledger_call_exit(c, ret);
    c->busy = 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(ledger_exit, struct pt_regs *regs, long ret)
{
    PINNED_CALL(ledger_exit_pinned(regs, ret));
}

#endif
