/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What most system calls meet: the programs that are attached to them.  They see to short calls, and leave
 * all else to the programs of syscalls.bpf.h by a tail call.  What such a program costs are the pages that it
 * touches, of data and of code: the processor has to find them anew after each switch from user code, most of
 * all where page tables are switched with it.  So these few have no functions of their own, which the kernel
 * would place elsewhere; they call no helpers (but see call_is_compat()); they are loaded one after the
 * other, before all others, so that they come to lie on the same page; and all that they know is the CPU's
 * page. Needs futex.bpf.h, tasks.bpf.h, verifier.bpf.h. */
#ifndef HEAPWAIT_SHORT_CALLS_BPF_H
#define HEAPWAIT_SHORT_CALLS_BPF_H

/* Filled by user space (attach.c): the programs that take over. */
#define TAKES_OVER(name)                                                                                     \
    struct {                                                                                                 \
        __uint(type, BPF_MAP_TYPE_PROG_ARRAY);                                                               \
        __uint(max_entries, 1);                                                                              \
        __uint(key_size, sizeof(u32));                                                                       \
        __uint(value_size, sizeof(u32));                                                                     \
    } name SEC(".maps")
TAKES_OVER(after_ledger_enter);
TAKES_OVER(after_ledger_exit);
TAKES_OVER(after_enter_record);
TAKES_OVER(after_exit_record);

/* Returns true if the present short call is not the one to be timed. */
static __always_inline bool short_untimed(const struct cpu_state *c)
{
    return c->gap > 1;
}

/* A SHORT_CALL, which is a wake, ends.  Returns true if it has been counted; false if it has not, which is
 * then left to the program that takes over.  Most such calls wake nobody, at the same word as the one before:
 * these need one cache line of the CPU's page and one of the slot. */
static __always_inline bool short_wake_end(struct cpu_state *c, s64 ret)
{
    struct cache_slot *slot;
    if (c->hands_off)
        return false;
    if (ret == 0 && c->address == c->again) {
        slot = &c->slots[index_below(CACHE_SLOTS, c->again_slot)];
    } else {
        struct word_key key = {.address = c->address,
                               .space = c->space,
                               .thread = c->thread,
                               .op = OP_WAKE,
                               .outcome = ret ? OUTCOME_WOKE_SOME : OUTCOME_WOKE_NONE};
        slot = &c->slots[slot_of(&key)];
        if (ret < 0 || !slot->totals.calls || !key_same(&slot->key, &key))
            return false;
        if (ret == 0)
            again_set(c, &key);
    }
    c->busy = 1; /* with the cache of words: see hand_over() */
    c->in_call = NO_CALL;
    slot->totals.calls += 1;
    if (ret)
        slot->totals.woken += ret;
    c->busy = 0;
    return true;
}

/* ---- mode ledger ---- */

/* Returns the class of a call that means no more than its time, or of a wake, which then begins as a
 * SHORT_CALL. CLASS_NONE: the call is of another kind. */
static __always_inline u8 class_short(struct cpu_state *c, struct pt_regs *regs, long nr)
{
    u8 class = class_of(c, nr);
    if (class < CLASS_DESCRIPTORS) {
        if ((u64)nr < SYSCALL_NUMBERS) {
            c->usual = nr;
            c->usual_class = class;
        }
        return class;
    }
    const u64 args[3] = ARGUMENTS(regs);
    if (!call_is_wake(class, args[1]) || call_is_compat(regs))
        return CLASS_NONE;
    short_wake_begin(c, args[0], (u32)args[2]);
    return class;
}

/* Returns true if the call has been seen to; false if it is to be timed, or of a kind that means more than
 * its time. */
static __always_inline bool ledger_enter_short(struct cpu_state *c, struct pt_regs *regs, long nr)
{
    if (!short_untimed(c))
        return false;
    u8 class = nr == c->usual ? c->usual_class : class_short(c, regs, nr);
    if (class == CLASS_NONE)
        return false;
    c->class = class;
    c->gap -= 1;
    return true;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(ledger_enter, struct pt_regs *regs, long nr)
{
    struct cpu_state *c = cpu_here();
    if (c && (c->mine == (u64)regs ? ledger_enter_short(c, regs, nr) : c->passer == (u64)regs))
        return 0;
    bpf_tail_call(ctx, &after_ledger_enter, 0);
    return 0;
}

/* Returns true if the call's end has been seen to. */
static __always_inline bool ledger_exit_short(struct cpu_state *c, s64 ret)
{
    if (c->known && (c->timed || c->in_call != SHORT_CALL || !short_wake_end(c, ret)))
        return false;
    c->class = CLASS_NONE;
    return true;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(ledger_exit, struct pt_regs *regs, long ret)
{
    struct cpu_state *c = cpu_here();
    if (c && (c->mine == (u64)regs ? ledger_exit_short(c, ret) : c->passer == (u64)regs))
        return 0;
    bpf_tail_call(ctx, &after_ledger_exit, 0);
    return 0;
}

/* ---- mode waits, through the tracepoints of each syscall: see syscalls.bpf.h ----
 *
 * To ask which task runs is a call of the kernel's code, and so dear here.  But the record that the kernel
 * hands these programs lies on the stack of the task that makes the call (perf_call_bpf_enter() in
 * kernel/trace/trace_syscalls.c), at a place that may be random (CONFIG_RANDOMIZE_KSTACK_OFFSET).  So the
 * stack tells the task.  If a kernel keeps the record elsewhere, stack_learn() learns no stack, and each call
 * goes on to the program that takes over. */
enum { STACK_SIZE_LEAST = 16 << 10 }; /* on 64-bit machines; some configurations have larger ones */

/* Returns true if the record lies on the kernel stack that begins at `stack`. */
static __always_inline bool lies_on_stack(struct cpu_state *c, const void *record, u64 stack)
{
    /* by way of memory: with the pointer itself the verifier allows no such calculations */
    *(volatile u64 *)&c->record = (u64)record;
    return *(volatile u64 *)&c->record - stack < STACK_SIZE_LEAST;
}

/* Returns true if the call is a wake that is not to be timed; it has begun as a SHORT_CALL then. */
static __always_inline bool record_enter_short(struct cpu_state *c, struct syscall_enter_record *ctx)
{
    if (c->hands_off || !short_untimed(c) || ctx->nr != c->usual || !call_is_wake(CLASS_FUTEX, ctx->args[1]))
        return false;
    short_wake_begin(c, ctx->args[0], (u32)ctx->args[2]);
    c->gap -= 1;
    return true;
}

SEC("tracepoint")
int syscall_enter_record(struct syscall_enter_record *ctx)
{
    struct cpu_state *c = cpu_here();
    if (c && lies_on_stack(c, ctx, c->stack) && (c->mine ? record_enter_short(c, ctx) : c->passer != 0))
        return 1;
    bpf_tail_call(ctx, &after_enter_record, 0);
    return 1;
}

SEC("tracepoint")
int syscall_exit_record(struct syscall_exit_record *ctx)
{
    struct cpu_state *c = cpu_here();
    if (c && lies_on_stack(c, ctx, c->stack) &&
        (c->mine ? c->in_call == SHORT_CALL && short_wake_end(c, ctx->ret) : c->passer != 0))
        return 1;
    bpf_tail_call(ctx, &after_exit_record, 0);
    return 1;
}

#endif
