/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Where futex calls are added up, by word, operation and outcome.  Owns the maps `words` and `histograms`,
 * and what a CPU's page holds for them (slots[], pending[]).  Needs outcome.h, call_stacks.bpf.h,
 * tasks.bpf.h, verifier.bpf.h. */
#ifndef HEAPWAIT_WORDS_BPF_H
#define HEAPWAIT_WORDS_BPF_H

#include "outcome.h"

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
    bpf_probe_read_user(&e->heap_arena, 8, (void *)(address & ~4095ull));
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
SUBPROGRAM int word_find(const struct word_key *key, u32 expected)
{
    if (!key)
        return 0;
    struct word_key k = *key; /* see SUBPROGRAM */
    if (bpf_map_lookup_elem(&words, &k))
        return 0;
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
SUBPROGRAM int slot_take(struct cache_slot *slot, const struct word_key *key, u32 expected)
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
        again_forget(c); /* the slot may be the one that these go by */
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
SUBPROGRAM int pending_flush(struct pending_waits *p)
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
static __always_inline u32 pending_number(u64 address, bool waits, bool slept)
{
    return index_below(PENDING_SLOTS, (u32)(address >> 4) * 4 + waits * 2 + slept);
}

static __always_inline u32 pending_of(const struct word_key *key)
{
    return pending_number(key->address, key->op == OP_WAIT, key->outcome == OUTCOME_SLEPT);
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
    if (!p->count) {
        p->key = *key;
        c->again_wait = NO_WORD; /* it may go by this place */
    }
    u32 at = p->count;
    if (at < PENDING_WAITS) {
        p->buckets[at] = bucket_of(ns);
        p->count = at + 1;
    }
}

#endif
