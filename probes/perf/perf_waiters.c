/* See perf_waiters.h. */
#include "probes/perf/perf_waiters.h"

#include <stdlib.h>
#include <string.h>

/* The same limit as that of the BPF side's table: see docs/measuring.md. */
enum { MAX_WAITERS = 1 << 18 };

/* The finalizer of MurmurHash3 (fmix64; Austin Appleby, public domain). */
uint64_t perf_waiters_mix(uint64_t x)
{
    x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
    x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
    return x ^ (x >> 33);
}

static size_t waiter_place(const struct perf_waiters *w, const struct word_key *k, uint32_t path)
{
    const uint64_t word = perf_waiters_mix(k->address) ^ k->space;
    size_t at = perf_waiters_mix(perf_waiters_mix(word) ^ path) & (w->room - 1);
    for (; w->table[at].path; at = (at + 1) & (w->room - 1)) {
        const struct perf_waiter *o = &w->table[at];
        if (o->path == path && o->key.address == k->address && o->key.space == k->space)
            break;
    }
    return at;
}

static bool waiters_grow(struct perf_waiters *w)
{
    if (w->count * 2 < w->room)
        return true;
    const size_t before = w->room, room = before ? before * 2 : 256;
    struct perf_waiter *old = w->table, *table = calloc(room, sizeof(*table));
    if (!table)
        return false;
    w->table = table;
    w->room = room;
    for (size_t i = 0; i < before; i++)
        if (old[i].path)
            w->table[waiter_place(w, &old[i].key, old[i].path)] = old[i];
    free(old);
    return true;
}

bool perf_waiters_add(struct perf_waiters *w, const struct word_key *word, uint32_t path, bool waits)
{
    if (!waiters_grow(w) && (!w->room || w->count + 1 == w->room))
        return false;
    struct perf_waiter *found = &w->table[waiter_place(w, word, path)];
    if (!found->path && w->count == MAX_WAITERS)
        return false;
    if (!found->path) {
        *found = (struct perf_waiter){.key = {.address = word->address, .space = word->space}, .path = path};
        w->count++;
    }
    found->waits += waits;
    found->wakes += !waits;
    return true;
}

static int waiter_compare(const void *a, const void *b)
{
    const struct perf_waiter *x = a, *y = b;
    if (x->key.space != y->key.space)
        return x->key.space < y->key.space ? -1 : 1;
    if (x->key.address != y->key.address)
        return x->key.address < y->key.address ? -1 : 1;
    return x->path < y->path ? -1 : x->path > y->path;
}

const struct perf_waiter *perf_waiters_sorted(struct perf_waiters *w, size_t *count)
{
    static const struct perf_waiter none;
    size_t kept = 0;
    *count = 0;
    if (!w->table)
        return &none;
    for (size_t i = 0; i < w->room; i++)
        if (w->table[i].path)
            w->table[kept++] = w->table[i];
    memset(w->table + kept, 0, (w->room - kept) * sizeof(*w->table));
    if (kept)
        qsort(w->table, kept, sizeof(*w->table), waiter_compare);
    *count = kept;
    return w->table;
}
