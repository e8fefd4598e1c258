/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The programs on system calls: of mode waits through the tracepoints of each futex call, of mode ledger
 * through the raw ones of all calls.  Where the programs of short_calls.bpf.h see to short calls, these are
 * what comes after them. What a futex call is belongs to futex.bpf.h, what a state is to ledger.bpf.h.  Needs
 * all other headers here. */
#ifndef HEAPWAIT_SYSCALLS_BPF_H
#define HEAPWAIT_SYSCALLS_BPF_H

/* ---- mode waits ---- */

/* Notes whether the task's latest wait was interrupted so that the kernel may go on with it.  If the kernel
 * does, it is by the thread's next call, restart_syscall(). */
SUBPROGRAM int restartable_set(struct cpu_state *c, u32 restartable)
{
    struct task_state *t = task_state_of(bpf_get_current_task_btf());
    if (t && c)
        c->restartable = t->restartable = restartable;
    return 0;
}

/* A CPU_CALL begins, which is a wait.  The clock is read last: no argument has to be kept for longer. */
static __always_inline void wait_begin(struct cpu_state *c, const u64 *args)
{
    c->op = OP_WAIT;
    c->weight = 1;
    c->address = args[0];
    c->expected = (u32)args[2];
    c->in_call = CPU_CALL;
    c->enter_ns = bpf_ktime_get_ns();
}

/* A CPU_CALL begins. */
static __always_inline void cpu_call_begin(struct cpu_state *c, const u64 *args, u64 now)
{
    if (c->restartable)
        restartable_set(c, 0);
    c->op = op_of((u32)args[1]);
    if (c->op != OP_WAKE)
        c->weight = 1; /* all others are timed */
    c->address = args[0];
    c->expected = (u32)args[2];
    c->in_call = CPU_CALL;
    c->enter_ns = now;
}

/* A CPU_CALL ends with the result `ret`. */
static __always_inline void cpu_call_exit(struct cpu_state *c, s64 ret, u64 now)
{
    c->in_call = NO_CALL;
    if (call_is_eagain(c, ret) && eagain_add(c, now - c->enter_ns))
        return;
    cpu_call_add(c, ret, now);
    if (ret == -516)
        restartable_set(c, 1);
}

/* A call begins that is to be timed.  For futex() the task's state is not looked up here: most calls don't
 * leave the CPU, and beside the time of those that do call_promote() costs little. */
static __always_inline int waits_begin(struct cpu_state *c, s64 nr, const u64 *args)
{
    if (nr == nr_futex) {
        cpu_call_begin(c, args, bpf_ktime_get_ns());
        return 0;
    }
    struct task_state *t = task_state_of(bpf_get_current_task_btf());
    if (t)
        call_follow(c, t, nr, args, bpf_ktime_get_ns());
    return 0;
}

SUBPROGRAM int followed_exit(struct cpu_state *c, s64 ret, u64 now)
{
    struct task_state *t = c ? task_state_of(bpf_get_current_task_btf()) : NULL;
    if (!t)
        return 0;
    call_exit(c, t, ret, now);
    return 0;
}

/* Mode waits: the call under way ends, whichever of the three it is. */
static __always_inline int waits_exit(struct cpu_state *c, s64 ret)
{
    u64 now = c->in_call == SHORT_CALL ? 0 : bpf_ktime_get_ns();
    c->busy = 1; /* with the cache of words: see hand_over() */
    if (c->in_call == FOLLOWED_CALL) {
        followed_exit(c, ret, now);
    } else if (c->in_call == CPU_CALL) {
        cpu_call_exit(c, ret, now);
    } else {
        c->in_call = NO_CALL;
        short_call_add(c, ret);
    }
    c->busy = 0;
    return 0;
}

/* Returns true if the futex() of the CPU's task has begun: a wake that is not to be timed, or a wait. */
static __always_inline bool futex_enter_short(struct cpu_state *c, struct pt_regs *regs)
{
    const u64 args[3] = ARGUMENTS(regs);
    if (c->hands_off)
        return false;
    if (op_is_wake((u32)args[1]) && short_untimed(c)) {
        short_wake_begin(c, args[0], (u32)args[2]);
        c->gap -= 1;
        return true;
    }
    if (!op_is_wait((u32)args[1]) || c->restartable)
        return false;
    wait_begin(c, args);
    return true;
}

/* Returns true if its end has been seen to: of a wake that is not timed, or of a wait which found another
 * value.  `ctx` is the program's context, with the call's result as the second argument. */
static __always_inline bool futex_exit_short(struct cpu_state *c, const void *ctx)
{
    if (c->in_call == SHORT_CALL)
        return short_wake_end(c, ctx, 8);
    if (c->in_call != CPU_CALL || c->hands_off || !call_is_eagain(c, ARGUMENT(ctx, 1)))
        return false;
    u64 now = bpf_ktime_get_ns();
    c->busy = 1; /* with the cache of words: see hand_over() */
    bool added = eagain_add(c, now - c->enter_ns);
    if (added)
        c->in_call = NO_CALL;
    c->busy = 0;
    return added;
}

/* Returns true for the end of a call that the task's seccomp filter has refused: it never was one, and the
 * kernel shows no beginning of it, in neither mode.  The filter chooses the error; one that is the end of a
 * wait as well is taken for that. */
static __always_inline bool call_was_refused(struct task_struct *task, s64 ret)
{
    enum { SECCOMP_FILTER = 2 };
    if (ret >= 0 || outcome_of_error(ret) != OUTCOME_ERROR || !bpf_core_field_exists(task->seccomp.mode))
        return false;
    return BPF_CORE_READ(task, seccomp.mode) == SECCOMP_FILTER;
}

/* A call ends of which no beginning is known.  Either the kernel has not shown the switch by which its task
 * left the CPU (see task_found()), or the call had begun before the task was followed and call_join() could
 * not know its word.  A futex() is counted without a time: the registers tell its word.  The rest is a loss.
 */
SUBPROGRAM int exit_unmatched(struct cpu_state *c, s64 nr, s64 ret)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct task_state *t = task_state_of(task);
    u64 args[3] = {};
    if (t && call_was_refused(task, ret))
        return 0;
    if (c && t && nr == nr_futex && call_of_task(task, true, args) == nr) {
        c->busy = 1;
        call_begin(t, op_of((u32)args[1]), args[0], (u32)args[2], 0);
        t->untimed = 1;
        t->slept = 1;
        call_exit(c, t, ret, 0);
        c->busy = 0;
    } else if (nr != nr_restart) /* which may go on with nanosleep() or poll() */
        loss_add(LOSS_UNMATCHED, 1);
    return 0;
}

/* ---- through the tracepoints of each syscall (programs run for futex calls only) ----
 *
 * perf, which calls these, has pinned the CPU: it uses buffers of the CPU's (perf_syscall_enter() in
 * kernel/trace/trace_syscalls.c).  A result of 0 would mean: nobody else gets the event, neither `perf
 * record` nor `perf trace` of any user (perf_call_bpf_enter() there). */

/* Learns the stack of the running task, if the record lies on it and the page knows the task.  By that stack
 * the programs that most calls meet know the task again: see short_calls.bpf.h. */
static __always_inline void stack_learn(struct cpu_state *c, struct task_struct *task, const void *record)
{
    if (c->stack)
        return;
    bool met = c->mine == (u64)task || c->passer == (u64)task;
    u64 stack = (u64)task->stack;
    c->stack = met && lies_on_stack(c, record, stack) ? stack : 0;
}

/* Returns what cpu_followed() does.  Asks for the running task only if the record's stack doesn't tell it. */
static __always_inline struct cpu_state *record_followed(const void *record, enum meeting meeting)
{
    struct cpu_state *here = cpu_here();
    if (!here || (here->mine && !here->hands_off && lies_on_stack(here, record, here->stack)))
        return here;
    struct task_struct *task = bpf_get_current_task_btf();
    struct cpu_state *c = cpu_followed((u64)task, meeting);
    stack_learn(here, task, record);
    return c;
}

SEC("tracepoint")
int enter_record_rest(struct syscall_enter_record *ctx)
{
    struct cpu_state *c = record_followed(ctx, AT_ENTER);
    if (!c)
        return 1;
    const u64 args[3] = RECORD_ARGUMENTS(ctx);
    s64 nr = ctx->nr;
    call_forget(c);
    if (!call_is_wake(class_of(c, nr), args[1]) || !wake_is_short(c, args))
        waits_begin(c, nr, args);
    return 1;
}

/* A program of its own, because it may not read arguments: restart_syscall() has none. */
SEC("tracepoint")
int restart_enter_record(struct syscall_enter_record *ctx)
{
    const u64 none[3] = {};
    struct cpu_state *c = record_followed(ctx, AT_ENTER);
    if (c) {
        call_forget(c);
        waits_begin(c, nr_restart, none);
    }
    return 1;
}

SEC("tracepoint")
int exit_record_rest(struct syscall_exit_record *ctx)
{
    struct cpu_state *c = record_followed(ctx, AT_EXIT);
    if (!c)
        return 1;
    if (c->in_call != NO_CALL)
        waits_exit(c, ctx->ret);
    else
        exit_unmatched(c, ctx->nr, ctx->ret);
    return 1;
}

/* ---- through the raw tracepoints of all system calls ---- */

/* A system call of the CPU's task ends, and the program on its beginning, or on the end of the one before,
 * may have been skipped. */
static __noinline int raw_exit_skippable(struct cpu_state *c, struct pt_regs *regs, s64 ret)
{
    if (!c || !regs)
        return 0;
    s64 nr = call_number(regs);
    if (!is_futex_syscall(nr))
        call_forget(c);
    else if (c->in_call == NO_CALL && c->class == CLASS_NONE && !call_is_compat(regs))
        exit_unmatched(c, nr, ret);
    return 0;
}

/* ---- mode ledger: all system calls ---- */

/* A futex call begins, whichever system call it is. */
static __always_inline void futex_begin(struct cpu_state *c, bool compat, const u64 *args, s64 nr)
{
    bool wakes = !compat && call_is_wake(c->class, args[1]);
    if (wakes && wake_is_short(c, args))
        return;
    c->syscalls += !wakes; /* those are counted by the gap */
    u64 now = bpf_ktime_get_ns();
    if (!compat && nr == nr_futex && c->thread && !timeline_is_open(now)) {
        cpu_call_begin(c, args, now);
        here_begin(c, futex_state(c->op), now);
        return;
    }
    struct task_state *t = task_state_of(bpf_get_current_task_btf());
    if (!t)
        return;
    if (!compat)
        call_follow(c, t, nr, args, now);
    syscall_begin(c, t, c->in_call != NO_CALL ? futex_state(t->op) : STATE_SYSCALL, now);
}

static __noinline int ledger_futex(struct cpu_state *c, struct pt_regs *regs, long nr)
{
    if (!c || !regs)
        return 0;
    const u64 args[3] = ARGUMENTS(regs);
    c->busy = 1;
    futex_begin(c, call_is_compat(regs), args, nr);
    c->busy = 0;
    return 0;
}

/* A call begins that is to be timed: on the page if that knows its state, else in the task's account. */
static __always_inline void call_time(struct cpu_state *c, struct pt_regs *regs)
{
    const u64 args[3] = ARGUMENTS(regs);
    u8 state = state_here(c, args[0]);
    u64 now = bpf_ktime_get_ns();
    if (state != STATE_USER && !timeline_is_open(now)) {
        here_begin(c, state, now);
        return;
    }
    struct task_struct *task = bpf_get_current_task_btf();
    struct task_state *t = task_state_of(task);
    if (!t)
        return;
    syscall_begin(c, t, syscall_state(c, t, task), bpf_ktime_get_ns());
    t->weight = c->weight;
}

/* A short call that is timed. */
static __noinline int ledger_timed(struct cpu_state *c, struct pt_regs *regs)
{
    if (!c || !regs || c->stopped)
        return 0;
    c->busy = 1;
    timed_next(c);
    call_time(c, regs);
    c->busy = 0;
    return 0;
}

/* A call of a class that means more than its time. */
static __noinline int ledger_special(struct cpu_state *c, struct pt_regs *regs, long nr)
{
    if (!c || !regs || c->stopped)
        return 0;
    if (c->class >= CLASS_FUTEX)
        return ledger_futex(c, regs, nr);
    if (c->class == CLASS_DESCRIPTORS) {
        file_generation += 1;
        return call_is_timed(c) ? ledger_timed(c, regs) : 0;
    }
    c->busy = 1;
    c->syscalls += 1;
    c->weight = 1;
    u8 kind = memory_kind_of(nr);
    if (kind && !call_is_compat(regs))
        memory_enter(c, kind);
    call_time(c, regs); /* on memory: there are few, and some are long */
    c->busy = 0;
    return 0;
}

static __always_inline int ledger_enter_followed(struct cpu_state *c, struct pt_regs *regs, long nr)
{
    u8 class = class_of(c, nr);
    call_forget(c);
    c->class = class;
    if (class >= CLASS_DESCRIPTORS)
        return ledger_special(c, regs, nr);
    return call_is_timed(c) ? ledger_timed(c, regs) : 0;
}

/* The CPU has not met the task, or nobody follows it. */
static __noinline int ledger_enter_met(struct cpu_state *c, struct pt_regs *regs, long nr)
{
    return regs && cpu_followed((u64)regs, AT_ENTER) == c && c ? ledger_enter_followed(c, regs, nr) : 0;
}

static __always_inline int ledger_enter_pinned(struct pt_regs *regs, long nr)
{
    struct cpu_state *c = cpu_here();
    if (!c)
        return 0;
    if (c->mine == (u64)regs)
        return ledger_enter_followed(c, regs, nr);
    return c->passer == (u64)regs ? 0 : ledger_enter_met(c, regs, nr);
}

SEC("tp_btf")
int BPF_PROG(ledger_enter_rest, struct pt_regs *regs, long nr)
{
    return ledger_enter_pinned(regs, nr);
}

/* In place of ledger_enter and ledger_enter_rest, where the kernel doesn't pin them.  A program of its own:
 * to ask in each call whether to pin would cost it a page of memory. */
SEC("tp_btf/sys_enter")
int BPF_PROG(ledger_enter_pins, struct pt_regs *regs, long nr)
{
    PINNED(ledger_enter_pinned(regs, nr));
}

/* TIMED_FOLLOWED becomes UNTIMED: the call ends, and its state in the task's account.  Who goes back to user
 * code waits for no lock of the kernel's, even if the kernel has skipped the program that would have seen the
 * wait end. */
SUBPROGRAM int timed_end(struct cpu_state *c, struct task_state *t, s64 ret, u64 now)
{
    if (!c || !t)
        return 0;
    c->timed = UNTIMED;
    c->base = STATE_USER;
    if (t->base != STATE_MEMORY && now - t->since_ns > LONG_CALL_NS)
        call_was_long(c);
    if (thread_ready(t, now, STATE_USER))
        state_set(t, STATE_USER, now);
    t->base = STATE_USER;
    t->contended = 0;
    if (c->in_call == FOLLOWED_CALL)
        call_exit(c, t, ret, now);
    t->weight = 1;
    return 0;
}

/* A call ends that is TIMED_HERE.  A long one goes to the task's account first. */
static __always_inline void here_exit(struct cpu_state *c, s64 ret, u64 now)
{
    struct task_state *t =
        now - c->enter_ns > LONG_CALL_NS ? task_state_of(bpf_get_current_task_btf()) : NULL;
    if (t) {
        here_promote(c, t);
        timed_end(c, t, ret, now);
        return;
    }
    here_end(c, now);
    if (c->in_call == CPU_CALL)
        cpu_call_exit(c, ret, now);
}

/* Mode ledger: the end of a call of which the page knows more than its class (cpu_state.known). */
SUBPROGRAM int ledger_end(struct cpu_state *c, s64 ret)
{
    if (!c || c->stopped)
        return 0;
    /* Busy first: an interrupt's own wait for a lock, after `now`, would bring the account beyond it. */
    c->busy = 1;
    u64 now = c->timed ? bpf_ktime_get_ns() : 0; /* early: the state must not hold what the probe takes */
    if (c->memory)
        memory_exit(c, now);
    if (c->in_call == SHORT_CALL) {
        c->in_call = NO_CALL;
        short_call_add(c, ret);
    }
    if (c->timed == TIMED_HERE)
        here_exit(c, ret, now);
    else if (c->timed)
        timed_end(c, task_state_of(bpf_get_current_task_btf()), ret, now);
    c->busy = 0;
    return 0;
}

static __always_inline int ledger_exit_followed(struct cpu_state *c, s64 ret)
{
    c->class = CLASS_NONE;
    return c->timed | c->in_call ? ledger_end(c, ret) : 0;
}

static __noinline int ledger_exit_met(struct cpu_state *c, struct pt_regs *regs, s64 ret)
{
    return regs && cpu_followed((u64)regs, AT_EXIT) == c && c ? ledger_exit_followed(c, ret) : 0;
}

/* `skippable`: the kernel may skip programs on system calls. */
static __always_inline int ledger_exit_pinned(struct pt_regs *regs, long ret, bool skippable)
{
    struct cpu_state *c = cpu_here();
    if (!c)
        return 0;
    if (skippable && c->mine == (u64)regs)
        raw_exit_skippable(c, regs, ret);
    if (c->mine == (u64)regs)
        return ledger_exit_followed(c, ret);
    return c->passer == (u64)regs ? 0 : ledger_exit_met(c, regs, ret);
}

SEC("tp_btf")
int BPF_PROG(ledger_exit_rest, struct pt_regs *regs, long ret)
{
    return ledger_exit_pinned(regs, ret, false);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(ledger_exit_pins, struct pt_regs *regs, long ret)
{
    PINNED(ledger_exit_pinned(regs, ret, true));
}

#endif
