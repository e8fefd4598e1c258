/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What most system calls meet: the programs that are attached to them.  They see to short calls, and leave
 * all else to the programs of syscalls.bpf.h by a tail call.  What such a program costs are the pages that it
 * touches, of data and of code: the processor has to find them anew after each switch from user code, most of
 * all where page tables are switched with it.  So these few have no functions of their own, which the kernel
 * would place elsewhere; they call no helpers; they are loaded one after the
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
 * these need one cache line of the CPU's page and one of the slot.  `result` is where the context has what
 * the call returns. */
static __always_inline bool short_wake_end(struct cpu_state *c, const void *ctx, const u32 result)
{
    s64 ret = context_load(ctx, result);
    struct cache_slot *slot;
    if (c->hands_off)
        return false;
    if (ret == 0 && c->address == c->again) {
        slot = &c->slots[index_below(CACHE_SLOTS, c->again_slot)];
    } else {
        u32 number = slot_number(c->address, c->thread, false, ret != 0);
        slot = &c->slots[number];
        asm volatile("" : "+r"(slot)); /* found once, not for each field */
        if (ret < 0 || !slot->totals.calls ||
            !call_has_slot(c, slot, OP_WAKE, ret ? OUTCOME_WOKE_SOME : OUTCOME_WOKE_NONE))
            return false;
        ret = context_load(ctx, result); /* anew, so that it takes no register meanwhile */
        if (ret == 0)
            again_set(c, c->address, number);
    }
    c->busy = 1; /* with the cache of words: see hand_over() */
    c->in_call = NO_CALL;
    slot->totals.calls += 1;
    if (ret)
        slot->totals.woken += ret;
    c->busy = 0;
    return true;
}

/* ---- mode ledger ----
 *
 * A call of a task that is not followed costs what these programs do first, on every thread of the machine.
 * So that comes before all else, and keeps one register only, the context: each further one that lives across
 * a call of the kernel's would be saved and brought back in any case.  Therefore the arguments are read where
 * they are needed. */

/* Returns the program's argument of this number, from 0. */
#define ARGUMENT(ctx, number) context_load(ctx, 8 * (number))

/* Returns true if the CPU runs a task that is known not to be followed. */
static __always_inline bool passes_by(const void *ctx)
{
    const struct bystander_line *b = bystander_here();
    return b->task == ARGUMENT(ctx, 0);
}

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
    if (!call_is_wake(class, args[1]) || !call_is_native(regs))
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
int ledger_enter(void *ctx)
{
    if (passes_by(ctx))
        return 0;
    struct cpu_state *c = cpu_here();
    struct pt_regs *regs = (struct pt_regs *)ARGUMENT(ctx, 0);
    if (c && c->mine == (u64)regs && ledger_enter_short(c, regs, ARGUMENT(ctx, 1)))
        return 0;
    bpf_tail_call(ctx, &after_ledger_enter, 0);
    return 0;
}

/* Returns true if the call's end has been seen to. */
static __always_inline bool ledger_exit_short(struct cpu_state *c, const void *ctx)
{
    if (c->known && (c->timed || c->in_call != SHORT_CALL || !short_wake_end(c, ctx, 8)))
        return false;
    c->class = CLASS_NONE;
    return true;
}

SEC("tp_btf/sys_exit")
int ledger_exit(void *ctx)
{
    if (passes_by(ctx))
        return 0;
    struct cpu_state *c = cpu_here();
    if (c && c->mine == ARGUMENT(ctx, 0) && ledger_exit_short(c, ctx))
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
        (c->mine ? c->in_call == SHORT_CALL &&
                       short_wake_end(c, ctx, __builtin_offsetof(struct syscall_exit_record, ret))
                 : c->passer != 0))
        return 1;
    bpf_tail_call(ctx, &after_exit_record, 0);
    return 1;
}

#endif
