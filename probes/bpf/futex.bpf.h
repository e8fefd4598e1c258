/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Futex calls of followed tasks, from beginning to end: operation, outcome, times.  Where they are added up
 * is words.bpf.h's, which task is meant tasks.bpf.h's, which program calls syscalls.bpf.h's.  Needs
 * words.bpf.h, outcome.h, call_stacks.bpf.h, tasks.bpf.h, verifier.bpf.h. */
#ifndef HEAPWAIT_FUTEX_BPF_H
#define HEAPWAIT_FUTEX_BPF_H

/* Set by user space before loading. */
const volatile s64 nr_futex, nr_restart, nr_waitv, nr_wake, nr_wait, nr_requeue;

static __always_inline bool is_futex_syscall(s64 nr)
{
    return nr == nr_futex || nr == nr_wait || nr == nr_wake || nr == nr_requeue || nr == nr_waitv ||
           nr == nr_restart;
}

static __always_inline u8 class_of(const struct cpu_state *c, s64 nr)
{
    u64 number = nr;
    if (number >= SYSCALL_NUMBERS)
        return CLASS_OTHER;
    return c->classes[index_below(SYSCALL_NUMBERS, number)];
}

/* ---- adding up ---- */

/* Mode ledger: returns how long the task has been at locks of the kernel's so far, asleep or not. */
static __always_inline u64 lock_time(const struct task_state *t)
{
    return t->record.ns[STATE_MMAP_LOCK] + t->record.ns[STATE_KERNEL_LOCK] +
           t->record.ns[STATE_MMAP_BLOCKED] + t->record.ns[STATE_KERNEL_BLOCKED];
}

/* Adds a timed call.  A long one stands for itself only: see call_was_long(). */
static __always_inline void time_add(struct word_totals *w, u64 oncpu, u32 weight)
{
    if (oncpu > LONG_CALL_NS)
        weight = 1;
    w->timed += weight;
    w->oncpu_ns += oncpu * weight;
}

/* Adds the call in the task's state, which ends now, to the CPU's slot and its histogram.  `woken`: how many
 * threads it woke or moved. */
static __always_inline void call_add(struct cpu_state *c, struct task_state *t, u8 outcome, u64 now,
                                     s64 woken)
{
    if (t->under_way)
        outcome = OUTCOME_UNDER_WAY;
    struct word_key key = {.address = t->address, .space = t->space, .op = t->op, .outcome = outcome};
    u64 total = now - t->enter_ns, off = t->blocked_ns + t->runnable_ns, lock = 0;
    if (ledger) {
        key.thread = t->record.thread;
        lock = lock_time(t) - t->lock_ns;
    }
    struct word_totals *w = totals_of(c, &key, t->expected);
    w->calls += 1;
    if (!t->untimed && total >= off + lock)
        time_add(w, total - off - lock, t->weight);
    w->blocked_ns += t->blocked_ns;
    w->runnable_ns += t->runnable_ns;
    w->kernel_lock_ns += lock;
    if (woken > 0)
        w->woken += woken;
    key.thread = 0;
    if (key.op != OP_WAIT || t->under_way)
        return;
    if (t->untimed)
        loss_add(LOSS_HISTOGRAM, 1);
    else
        histogram_add(c, &key, total);
}

/* Returns true if the slot is that of the CPU's futex call, of this operation and outcome.  A whole key to
 * compare with would take registers that the program has to save first. */
static __always_inline bool call_has_slot(const struct cpu_state *c, const struct cache_slot *slot, u8 op,
                                          u8 outcome)
{
    return slot->key.address == c->address && *(const u64 *)&slot->key.space == *(const u64 *)&c->space &&
           *(const u64 *)&slot->key.op == (op | (u64)outcome << 8);
}

/* Returns true if the CPU_CALL, which ends with `ret`, is a wait which found another value. */
static __always_inline bool call_is_eagain(const struct cpu_state *c, s64 ret)
{
    return c->op == OP_WAIT && ret == -11;
}

/* Such a wait has been added.  The next one for the same word need not compare keys, unless its durations
 * have found no place. */
static __always_inline void again_wait_set(struct cpu_state *c)
{
    c->wait_slot = slot_number(c->address, c->thread, true, false);
    c->wait_pending = pending_number(c->address, true, false);
    c->wait_turn = turn_number(c->address, 1);
    const struct pending_waits *p = &c->pending[index_below(PENDING_SLOTS, c->wait_pending)];
    bool kept = p->key.address == c->address && *(const u64 *)&p->key.space == c->space &&
                *(const u64 *)&p->key.op == (OP_WAIT | OUTCOME_EAGAIN << 8);
    c->again_wait = kept ? c->address : NO_WORD;
}

/* Adds a CPU_CALL that is a wait which found another value, and took so long.  Returns true if it has been
 * added; false if nothing has, since the word is another than the last such wait's, or the call is to be
 * sampled.  Most waits of a contended program are of this kind: what cpu_call_add() does for all, it does for
 * them in half as many instructions. */
static __always_inline bool eagain_add(struct cpu_state *c, u64 ns)
{
    struct word_totals *w = &c->slots[index_below(CACHE_SLOTS, c->wait_slot)].totals;
    struct pending_waits *p = &c->pending[index_below(PENDING_SLOTS, c->wait_pending)];
    struct path_turn *turn = &c->turns[index_below(PATH_TURNS, c->wait_turn)];
    asm volatile("" : "+r"(w), "+r"(p), "+r"(turn)); /* found once, not for each field */
    u32 at = p->count;
    if (c->address != c->again_wait || turn->until == 1 || at >= PENDING_WAITS)
        return false;
    w->calls += 1;
    w->timed += 1;
    w->oncpu_ns += ns;
    turn->passed += 1;
    turn->until -= 1;
    p->buckets[at] = bucket_of(ns);
    p->count = at + 1;
    if (at + 1 == PENDING_WAITS)
        pending_flush(p);
    return true;
}

/* Adds a CPU_CALL, which ends now.  It has not left the CPU: all its time is on-CPU. */
SUBPROGRAM int cpu_call_add(struct cpu_state *c, s64 ret, u64 now)
{
    if (!c)
        return 0;
    u64 total = now - c->enter_ns;
    struct word_key key = {
        .address = c->address, .space = c->space, .op = c->op, .outcome = outcome_of(c->op, ret, false)};
    if (ledger)
        key.thread = c->thread;
    if (key.op == OP_WAKE && total > LONG_CALL_NS)
        call_was_long(c);
    struct word_totals *w = totals_of(c, &key, c->expected);
    w->calls += 1;
    time_add(w, total, c->weight);
    if (ret > 0 && op_counts_woken(key.op))
        w->woken += ret;
    key.thread = 0;
    if (key.op == OP_WAIT)
        histogram_add(c, &key, total);
    path_offer(c, key.address, key.space, key.op);
    if (call_is_eagain(c, ret))
        again_wait_set(c);
    return 0;
}

/* Adds a SHORT_CALL, which is a wake, to the CPU's slot: counted, and no more. */
static __always_inline void short_call_add(struct cpu_state *c, s64 ret)
{
    struct word_key key = {.address = c->address,
                           .space = c->space,
                           .thread = c->thread,
                           .op = OP_WAKE,
                           .outcome = outcome_of(OP_WAKE, ret, false)};
    struct word_totals *w = totals_of(c, &key, c->expected);
    w->calls += 1;
    if (ret > 0)
        w->woken += ret;
    if (ret == 0)
        again_set(c, key.address, slot_of(&key));
}

/* ---- the events ---- */

/* A call begins in the task's state.  All that an earlier one has left there is wiped out. */
static __always_inline void call_begin(struct task_state *t, u8 op, u64 address, u32 expected, u64 now)
{
    t->op = op;
    t->address = address;
    t->expected = expected;
    t->slept = 0;
    t->off_cpu = ON_CPU;
    t->woken_ns = 0;
    t->blocked_ns = 0;
    t->runnable_ns = 0;
    t->restartable = 0;
    t->untimed = 0;
    t->under_way = 0;
    t->weight = 1;
    if (ledger)
        t->lock_ns = lock_time(t);
    t->enter_ns = now;
    t->in_call = 1;
}

/* A FOLLOWED_CALL begins. */
static __always_inline void followed_begin(struct cpu_state *c, struct task_state *t, u8 op, u64 address,
                                           u32 expected, u64 now)
{
    call_begin(t, op, address, expected, now);
    c->op = op;
    c->restartable = 0;
    c->in_call = FOLLOWED_CALL;
}

/* A futex call begins that is to be followed in the task's state; by which system call, `nr` says.  Nothing
 * begins if `nr` is none of them, or restarts something else than a wait. */
static __always_inline void call_follow(struct cpu_state *c, struct task_state *t, s64 nr, const u64 *args,
                                        u64 now)
{
    if (nr == nr_futex) {
        followed_begin(c, t, op_of((u32)args[1]), args[0], (u32)args[2], now);
        if (t->op == OP_WAKE)
            t->weight = c->weight;
    } else if (nr == nr_restart) {
        /* The kernel goes on with the wait that a signal interrupted: the same word, the same operation. */
        if (t->restartable)
            followed_begin(c, t, t->op, t->address, t->expected, now);
    } else if (nr == nr_wait) {
        followed_begin(c, t, OP_WAIT, args[0], (u32)args[1], now);
    } else if (nr == nr_wake) {
        followed_begin(c, t, OP_WAKE, args[0], 0, now);
    } else if (nr == nr_requeue || nr == nr_waitv) {
        /* Both take an array of struct futex_waitv {u64 val; u64 uaddr; u32 flags; u32 reserved}. */
        u64 first[2] = {};
        bpf_probe_read_user(first, sizeof(first), (void *)args[0]);
        t->waiters = args[0];
        followed_begin(c, t, nr == nr_waitv ? OP_WAITV : OP_REQUEUE, first[1], (u32)first[0], now);
    }
}

/* The CPU's task begins a system call, or ends another than a futex call: a futex call that it is still taken
 * to be in has ended unseen. */
static __always_inline void call_forget(struct cpu_state *c)
{
    if (c->in_call != NO_CALL)
        loss_add(LOSS_UNENDED, 1);
    c->in_call = NO_CALL;
}

/* Returns true if a system call of this class and with this second argument is a wake by futex(). */
static __always_inline bool call_is_wake(u8 class, u64 command)
{
    return class == CLASS_FUTEX && op_is_wake((u32)command);
}

/* A SHORT_CALL begins: a wake that is not to be timed.  Nothing but the CPU's page knows of it. */
static __always_inline void short_wake_begin(struct cpu_state *c, u64 address, u32 expected)
{
    c->address = address;
    c->expected = expected;
    c->in_call = SHORT_CALL;
}

/* A wake begins.  Returns true if it is not to be timed, and has begun as a SHORT_CALL; false if it is to be
 * timed, and has not begun yet. */
static __always_inline bool wake_is_short(struct cpu_state *c, const u64 *args)
{
    if (call_is_timed(c)) {
        timed_next(c);
        return false;
    }
    short_wake_begin(c, args[0], (u32)args[2]);
    return true;
}

/* futex_waitv() waits on many words in one call.  The call is booked on the word that woke it, else on the
 * first. */
static __always_inline void waitv_resolve(struct task_state *t, s64 ret)
{
    u64 waiter[2] = {};
    if (ret > 0 && !bpf_probe_read_user(waiter, sizeof(waiter), (void *)(t->waiters + 24 * ret)))
        t->address = waiter[1];
}

/* A FOLLOWED_CALL ends with the result `ret`. */
static __always_inline void call_exit(struct cpu_state *c, struct task_state *t, s64 ret, u64 now)
{
    c->in_call = NO_CALL;
    t->in_call = 0;
    c->restartable = t->restartable = ret == -516;
    if (t->op == OP_WAKE && now - t->enter_ns > LONG_CALL_NS)
        call_was_long(c);
    if (t->op == OP_WAITV)
        waitv_resolve(t, ret);
    call_add(c, t, outcome_of(t->op, ret, t->slept), now, op_counts_woken(t->op) ? ret : 0);
    path_offer(c, t->address, t->space, t->op);
}

/* SHORT_CALL and CPU_CALL become a FOLLOWED_CALL: what the CPU's page knows of the call goes to the task's
 * state. To be called before the task leaves the CPU, and before it exits.  When a SHORT_CALL began is not
 * known. */
static __always_inline void call_promote(struct cpu_state *c, struct task_state *t, u64 now)
{
    if (c->in_call == SHORT_CALL) {
        c->op = OP_WAKE;
        call_begin(t, OP_WAKE, c->address, c->expected, now);
        t->untimed = 1;
        c->in_call = FOLLOWED_CALL;
    } else if (c->in_call == CPU_CALL) {
        call_begin(t, c->op, c->address, c->expected, c->enter_ns);
        t->weight = c->weight;
        c->in_call = FOLLOWED_CALL;
    }
}

/* The task leaves the CPU in a call; `runnable`: not to sleep. */
static __always_inline void cpu_leave(struct task_state *t, bool runnable, u64 now)
{
    t->off_ns = now;
    t->off_cpu = runnable ? RUNNABLE : BLOCKED;
    if (!runnable)
        t->slept = 1;
}

/* The task is woken in a call.  In mode ledger a sleep for a lock of the kernel's is not the futex's: it is
 * in lock_time() already. */
static __always_inline void call_wakeup(struct task_state *t, u64 now)
{
    if (t->off_cpu != BLOCKED)
        return;
    if (!(ledger && t->contended))
        t->blocked_ns += now - t->off_ns;
    t->off_ns = now;
    t->woken_ns = now;
    t->off_cpu = RUNNABLE;
}

/* Puts the time from the wake of a waiter to its running into a histogram. */
static __always_inline void handoff_add(struct cpu_state *c, struct task_state *t, u64 now)
{
    struct word_key key = {
        .address = t->address, .space = t->space, .op = OP_HANDOFF, .outcome = OUTCOME_SLEPT};
    histogram_add(c, &key, now - t->woken_ns);
    t->woken_ns = 0;
}

/* The task is back on a CPU in a call. */
static __always_inline void cpu_return(struct cpu_state *c, struct task_state *t, u64 now)
{
    u64 ns = now - t->off_ns;
    if (t->off_cpu == RUNNABLE) {
        t->runnable_ns += ns;
        if (t->woken_ns && t->op == OP_WAIT && !t->under_way)
            handoff_add(c, t, now);
    } else if (t->off_cpu == BLOCKED) {
        t->blocked_ns += ns;
        loss_add(LOSS_WAKEUP, 1);
    }
    t->off_cpu = ON_CPU;
}

/* The task dies, or the recording ends.  A call under way gets the outcome "unfinished" and its time so far.
 */
static __always_inline void call_finish(struct task_state *t, u64 now)
{
    struct cpu_state *c = cpu_here();
    if (t->in_call && c) {
        if (t->off_cpu == BLOCKED)
            t->blocked_ns += now - t->off_ns;
        else if (t->off_cpu == RUNNABLE)
            t->runnable_ns += now - t->off_ns;
        t->in_call = 0;
        call_add(c, t, OUTCOME_UNFINISHED, now, 0);
    }
}

#endif
