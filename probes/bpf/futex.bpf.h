/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Futex calls of followed tasks, from beginning to end: operation, outcome, times.  Owns the maps `words` and
 * `histograms`, and what a CPU's page holds for them (slots[], pending[]).  Which task is meant is
 * tasks.bpf.h's, which program calls is syscalls.bpf.h's.  Needs outcome.h, call_stacks.bpf.h, tasks.bpf.h,
 * verifier.bpf.h. */
#ifndef HEAPWAIT_FUTEX_BPF_H
#define HEAPWAIT_FUTEX_BPF_H

#include "outcome.h"

/* Set by user space before loading. */
const volatile s64 nr_futex, nr_restart, nr_waitv, nr_wake, nr_wait, nr_requeue;

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1 << 18);
    __type(key, struct word_key);
    __type(value, struct word_value);
} words SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1 << 17);
    __type(key, struct word_key);
    __type(value, struct histogram_value);
} histograms SEC(".maps");

/* Templates: too large for the BPF stack, and a map wants a whole value to begin with. */
const struct word_value word_zero;
const struct histogram_value histogram_zero;

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

static __always_inline void totals_add(struct word_totals *to, const struct word_totals *from)
{
    __sync_fetch_and_add(&to->calls, from->calls);
    __sync_fetch_and_add(&to->timed, from->timed);
    __sync_fetch_and_add(&to->oncpu_ns, from->oncpu_ns);
    __sync_fetch_and_add(&to->blocked_ns, from->blocked_ns);
    __sync_fetch_and_add(&to->runnable_ns, from->runnable_ns);
    __sync_fetch_and_add(&to->kernel_lock_ns, from->kernel_lock_ns);
    __sync_fetch_and_add(&to->woken, from->woken);
}

/* Reads the evidence for the word's name from the present task's memory: see struct word_evidence.  The
 * places are those of glibc's malloc_state: its last bin links to itself in one of two, and `next` lies
 * behind the 16-byte binmap that follows. */
static __always_inline void evidence_read(struct word_evidence *e, u64 address, u32 expected)
{
    bpf_probe_read_user(&e->value, sizeof(e->value), (void *)address);
    bpf_probe_read_user(&e->heap_arena, 8, (void *)(address & ~((64ull << 20) - 1)));
    bpf_probe_read_user(&e->last_bin, 16, (void *)(address + MALLOC_STATE_LAST_BIN_2_27));
    if (e->last_bin[0] != address + MALLOC_STATE_LAST_BIN_2_27 - 16)
        bpf_probe_read_user(&e->last_bin, 16, (void *)(address + MALLOC_STATE_LAST_BIN_2_43));
    bpf_probe_read_user(&e->next_arena, 8, (void *)(address + 2160));
    bpf_probe_read_user(&e->before, sizeof(e->before), (void *)((address & ~7ull) - sizeof(e->before)));
    struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
    e->call = (u32)call_number(regs);
    e->command = (u32)PT_REGS_PARM2_CORE(regs);
    e->first_seen_ns = bpf_ktime_get_ns();
    e->expected = expected;
}

/* Makes the word's entry in `words`, if this is the key's first call, with evidence and a stack.  One stack
 * serves all threads: its key has thread 0. */
static __noinline int word_find(const struct word_key *key, u32 expected)
{
    if (!key)
        return 0;
    if (bpf_map_lookup_elem(&words, key))
        return 0;
    struct word_key k = *key;
    if (bpf_map_update_elem(&words, &k, &word_zero, BPF_NOEXIST))
        return 0; /* no room: counted call by call, when the slot is flushed */
    if (!task_followed(bpf_get_current_task_btf()))
        return 0; /* collect_living() calls for a task that lives on: the memory at hand is another's */
    struct word_value *v = bpf_map_lookup_elem(&words, &k);
    if (v)
        evidence_read(&v->evidence, k.address, expected);
    k.thread = 0;
    if (!bpf_map_lookup_elem(&stacks, &k))
        stack_read(&k);
    return 0;
}

/* Brings what the slot holds to the table of words, and empties it. */
static __always_inline void slot_flush(struct cache_slot *slot)
{
    if (!slot->totals.calls)
        return;
    struct word_key key = slot->key;
    struct word_value *v = bpf_map_lookup_elem(&words, &key);
    if (!v) {
        bpf_map_update_elem(&words, &key, &word_zero, BPF_NOEXIST);
        v = bpf_map_lookup_elem(&words, &key);
    }
    if (v)
        totals_add(&v->totals, &slot->totals);
    else
        loss_add(LOSS_WORD, slot->totals.calls);
    slot->totals = (struct word_totals){};
}

static __always_inline bool key_same(const struct word_key *a, const struct word_key *b)
{
    return a->address == b->address && *(const u64 *)&a->space == *(const u64 *)&b->space &&
           *(const u64 *)&a->op == *(const u64 *)&b->op;
}

/* Returns the number of the slot that a key uses.  Of one word and thread four kinds of calls have a slot
 * each: waits and wakes, those that slept or woke and those that did not.  Threads with numbers near to each
 * other have different slots too: if a few of them that run in turn on one CPU shared one, each switch would
 * bring it to the table. */
static __always_inline u32 slot_number(u64 address, u32 thread, bool waits, bool did)
{
    u32 word = (u32)(address >> 4) + thread;
    return index_below(CACHE_SLOTS, word * 4 + waits * 2 + did);
}

static __always_inline u32 slot_of(const struct word_key *key)
{
    bool did = key->outcome == OUTCOME_SLEPT || key->outcome == OUTCOME_WOKE_SOME;
    return slot_number(key->address, key->thread, key->op == OP_WAIT, did);
}

/* Takes the slot, which is another key's, for this one. */
static __noinline int slot_take(struct cache_slot *slot, const struct word_key *key, u32 expected)
{
    if (!slot || !key)
        return 0;
    slot_flush(slot);
    slot->key = *key;
    word_find(key, expected);
    return 0;
}

/* Returns the totals in the CPU's slot for the key; if the slot was another's, it is flushed and taken first.
 * The CPU is pinned, so nobody else writes there meanwhile. */
static __always_inline struct word_totals *totals_of(struct cpu_state *c, const struct word_key *key,
                                                     u32 expected)
{
    struct cache_slot *slot = &c->slots[slot_of(key)];
    if (!slot->totals.calls || !key_same(&slot->key, key)) {
        c->again = NO_WORD; /* the slot may be the one that `again` goes by */
        slot_take(slot, key, expected);
    }
    return &slot->totals;
}

/* A wake of the CPU's task has woken nobody, and its key has the slot of that number: the next such wake at
 * the same word need not compare keys. */
static __always_inline void again_set(struct cpu_state *c, u64 address, u32 slot)
{
    c->again = address;
    c->again_slot = slot;
}

/* Brings the waits that a CPU has put by to their histogram.  To find a histogram takes four pages, which
 * would cost each wait more than all else that is done for it.  Where there is no memory for a new histogram
 * at once (the kernel keeps one or two pieces of this size ready on each CPU) p->count stays as it is, for
 * the next time or for user space. */
static __noinline int pending_flush(struct pending_waits *p)
{
    if (!p || !p->count)
        return 0;
    struct word_key key = p->key;
    struct histogram_value *h = bpf_map_lookup_elem(&histograms, &key);
    if (!h) {
        bpf_map_update_elem(&histograms, &key, &histogram_zero, BPF_NOEXIST);
        h = bpf_map_lookup_elem(&histograms, &key);
    }
    if (!h)
        return 0;
    for (u32 i = 0; i < PENDING_WAITS && i < p->count; i++) {
        u32 bucket = p->buckets[i];
        if (bucket < HISTOGRAM_BUCKETS)
            __sync_fetch_and_add(&h->calls[bucket], 1);
    }
    p->count = 0;
    return 0;
}

/* Returns the number of the place that a histogram's key uses in pending[].  Of one word three kinds have one
 * each: waits that slept, waits that did not, and handoffs. */
static __always_inline u32 pending_of(const struct word_key *key)
{
    u32 kind = (key->op == OP_WAIT) * 2 + (key->outcome == OUTCOME_SLEPT);
    return index_below(PENDING_SLOTS, (u32)(key->address >> 4) * 4 + kind);
}

static __always_inline void histogram_add(struct cpu_state *c, const struct word_key *key, u64 ns)
{
    struct pending_waits *p = &c->pending[pending_of(key)];
    if (p->count >= PENDING_WAITS || (p->count && !key_same(&p->key, key))) {
        pending_flush(p);
        if (p->count) {
            loss_add(LOSS_HISTOGRAM, 1);
            return;
        }
    }
    if (!p->count)
        p->key = *key;
    u32 at = p->count;
    if (at < PENDING_WAITS) {
        p->buckets[at] = bucket_of(ns);
        p->count = at + 1;
    }
}

/* Mode ledger: returns how long the task has been at locks of the kernel's so far, asleep or not. */
static __always_inline u64 lock_time(const struct task_state *t)
{
    return t->record.ns[STATE_MMAP_LOCK] + t->record.ns[STATE_KERNEL_LOCK] +
           t->record.ns[STATE_KERNEL_BLOCKED];
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

/* Adds a CPU_CALL, which ends now.  It has not left the CPU: all its time is on-CPU. */
static __always_inline void cpu_call_add(struct cpu_state *c, s64 ret, u64 now)
{
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

/* Returns true if a system call of this class and with this second argument is a wake by futex(). */
static __always_inline bool call_is_wake(u8 class, u64 command)
{
    return class == CLASS_FUTEX && op_of((u32)command) == OP_WAKE;
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
