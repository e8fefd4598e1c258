/* See musl_code.h.  Facts of musl's oldmalloc: one struct holds binmap, 64 bins of {lock[2], head, tail} and
 * split_merge_lock[2].  The bits of binmap are set and cleared by an atomic or and and, on aarch64 in each
 * half by one of its own. MMAP_THRESHOLD is 0x38000, RECLAIM 0x28000.  What frees is __bin_chunk, apart from
 * free itself, since 1.1.20.
 */
#include "probes/names/musl_code_private.h"

#include <stdio.h>

enum {
    MAX_OLD_FUNCTIONS = 512,
    MAX_OLD_BASES = 128, /* addresses that are tried */
    OLD_BINS = 64,
    OLD_BIN_SIZE = 24,
    OLD_BINS_AT = 8,
    OLD_LAST_LOCK = OLD_BINS_AT + OLD_BINS * OLD_BIN_SIZE,
};

/* What speaks for oldmalloc's struct at an address. */
struct old_signs {
    bool set, cleared; /* bits of its binmap are */
    bool last_lock;    /* split_merge_lock is swapped */
    /* functions that use it and oldmalloc's constants; NULL: none found */
    const struct facts *allocates, *reclaims;
};

static bool holds(const uint64_t *words, size_t count, uint64_t word)
{
    for (size_t i = 0; i < count; i++)
        if (words[i] == word)
            return true;
    return false;
}

static void old_signs_add(struct old_signs *s, const struct facts *f, uint64_t base, bool halves)
{
    s->set |= holds(f->ors, f->or_count, base) && (!halves || holds(f->ors, f->or_count, base + 4));
    s->cleared |= holds(f->ands, f->and_count, base) && (!halves || holds(f->ands, f->and_count, base + 4));
    s->last_lock |= holds(f->swaps, f->swap_count, base + OLD_LAST_LOCK);
}

/* Adds the signs of `f`, a function with a system call, and of what it calls. */
static void old_signs_of(struct musl_code *c, const struct facts *f, uint64_t base, struct old_signs *s)
{
    struct old_signs own = {0};
    bool halves = code_machine(c->code)->halves;
    old_signs_add(&own, f, base, halves);
    for (size_t i = 0; i < f->call_count; i++) {
        const struct facts *callee = facts_at(c->facts, f->calls[i].target);
        if (callee)
            old_signs_add(&own, callee, base, halves);
    }
    bool touches = own.set || own.cleared || own.last_lock;
    s->set |= own.set;
    s->cleared |= own.cleared;
    s->last_lock |= own.last_lock;
    if (touches && f->constants & HAS_OLD_THRESHOLD && musl_code_maps(c, f))
        s->allocates = f;
    if (touches && f->constants & HAS_OLD_RECLAIM && musl_code_unmaps(c, f))
        s->reclaims = f;
}

/* Takes `base` for the struct's address if enough of `functions` speaks for it. */
static void old_try(struct musl_code *c, const struct facts *const *functions, size_t count, uint64_t base)
{
    struct old_signs s = {0};
    for (size_t i = 0; i < count; i++)
        old_signs_of(c, functions[i], base, &s);
    if (!s.set || !s.cleared || (!s.allocates && !s.reclaims) || c->old_verdict == MUSL_MALLOC)
        return;
    bool proved = s.last_lock && s.allocates && s.reclaims;
    c->old_base = base;
    c->old_verdict = proved ? MUSL_MALLOC : MUSL_LIKELY;
    if (proved) {
        c->malloc = "oldmalloc";
        c->functions[0] = s.allocates;
        c->functions[1] = s.reclaims;
        c->function_count = 2;
    }
    const struct facts *f = s.allocates ? s.allocates : s.reclaims;
    musl_code_put(&c->old_evidence,
                  "code: it lies in a struct like oldmalloc's at 0x%llx, whose map of bins is "
                  "kept by atomic instructions%s; the function at 0x%llx uses it and oldmalloc's constants%s",
                  (unsigned long long)base, s.last_lock ? ", with a lock behind 64 bins" : "",
                  (unsigned long long)f->entry,
                  s.allocates && s.reclaims ? ", and so does the one that frees" : "");
}

struct old_functions {
    const struct facts *at[MAX_OLD_FUNCTIONS];
    size_t count;
};

static void old_function_add(struct old_functions *o, const struct facts *f)
{
    for (size_t k = o->count; k-- > 0;)
        if (o->at[k] == f)
            return;
    if (f && o->count < MAX_OLD_FUNCTIONS)
        o->at[o->count++] = f;
}

/* Those with a futex call, and those that call them: what wakes may be a function of its own. */
static void old_functions_find(struct musl_code *c, struct old_functions *o)
{
    size_t count;
    const uint32_t *calls = code_syscalls(c->code, &count);
    for (size_t i = 0; i < count; i++) {
        const struct facts *f = facts_around(c->facts, code_address(c->code, calls[i]));
        old_function_add(o, f && f->deeds & DOES_FUTEX ? f : NULL);
    }
    for (size_t i = 0, own = o->count; i < own; i++) {
        const struct code_call *callers = code_callers(c->code, o->at[i]->entry, &count);
        for (size_t k = 0; k < count; k++)
            old_function_add(o, facts_around(c->facts, code_address(c->code, callers[k].site)));
    }
}

/* Where the struct may be. */
struct old_bases {
    uint64_t at[MAX_OLD_BASES];
    size_t count;
};

/* Each is kept once: to try one takes a look at all functions. */
static void old_bases_add(struct old_bases *b, const struct facts *f)
{
    for (size_t k = 0; f && k < f->or_count; k++)
        if (b->count < MAX_OLD_BASES && !holds(b->at, b->count, f->ors[k]))
            b->at[b->count++] = f->ors[k];
}

/* Finds oldmalloc's struct.  Candidates are the words whose bits are set by functions that make futex calls,
 * or by what these call. */
void musl_code_old_find(struct musl_code *c)
{
    struct old_functions o = {.count = 0};
    struct old_bases bases = {.count = 0};
    old_functions_find(c, &o);
    for (size_t i = 0; i < o.count; i++) {
        old_bases_add(&bases, o.at[i]);
        for (size_t n = 0; n < o.at[i]->call_count; n++)
            old_bases_add(&bases, facts_at(c->facts, o.at[i]->calls[n].target));
    }
    for (size_t i = 0; i < bases.count; i++)
        old_try(c, o.at, o.count, bases.at[i]);
}

/* ---- its functions ---- */

/* Whether the function looks at the word before what its argument points to, a block's header, and does
 * nothing else: __malloc_allzerop. */
static bool looks_at_header(const struct musl_code *c, const struct facts *f)
{
    enum { MOST = 8, HEADER = 8 };
    const uint8_t argument = code_machine(c->code)->arguments[0];
    uint64_t at = f->entry;
    bool looks = false;
    struct insn i;
    for (unsigned n = 0; n < MOST; n++, at += i.size) {
        code_decode(c->code, at, &i);
        if (i.size && i.kind == INSN_RETURN)
            return looks;
        if (!i.size || i.kind >= INSN_CALL || (i.memory && (looks || i.store)))
            return false;
        looks |= i.memory && !i.indexed && i.base == argument && i.displacement == (uint64_t)-HEADER;
    }
    return false;
}

static bool calls(const struct facts *f, const struct facts *callee)
{
    for (size_t i = 0; i < f->call_count; i++)
        if (f->calls[i].target == callee->entry)
            return true;
    return false;
}

/* Whether the function is free: it gives blocks that were mapped back to the kernel, crashes on those whose
 * header is broken, and leaves all others to the function that reclaims. */
static bool is_old_free(struct musl_code *c, const struct facts *f, const struct facts *reclaims)
{
    bool unmaps = f->deeds & DOES_MUNMAP;
    for (size_t i = 0; i < f->call_count; i++) {
        const struct facts *callee = facts_at(c->facts, f->calls[i].target);
        unmaps |= callee && callee != reclaims && callee->deeds & DOES_MUNMAP;
    }
    return f != reclaims && f->crashes && unmaps && calls(f, reclaims);
}

/* Whether nobody but oldmalloc can call the function that reclaims, since free is another. */
static bool reclaims_inside(struct musl_code *c, const struct facts *reclaims)
{
    size_t count;
    const struct code_call *callers = code_callers(c->code, reclaims->entry, &count);
    for (size_t i = 0; i < count; i++) {
        const struct facts *f = facts_around(c->facts, code_address(c->code, callers[i].site));
        if (f && is_old_free(c, f, reclaims))
            return true;
    }
    return false;
}

/* aligned_alloc gives back what it cut off, as free does with a block; calloc asks a function of its own
 * whether a block is fresh from the kernel; posix_memalign refuses what aligned_alloc would not. */
bool musl_code_old_kin(struct musl_code *c, const struct facts *f)
{
    const unsigned refuses = HAS_EINVAL | HAS_POINTER_SIZE;
    if (c->old_verdict != MUSL_MALLOC)
        return false;
    const struct facts *reclaims = c->functions[1];
    if (calls(f, reclaims) && reclaims_inside(c, reclaims))
        return true;
    for (size_t i = 0; i < f->call_count; i++) {
        const struct facts *callee = facts_at(c->facts, f->calls[i].target);
        if (!callee)
            continue;
        if (f->constants & HAS_ENOMEM && musl_code_only_caller(c, f, callee) && looks_at_header(c, callee))
            return true;
        if ((f->constants & refuses) == refuses && callee->constants & HAS_EINVAL &&
            calls(callee, reclaims) && musl_code_has(c, callee->entry))
            return true;
    }
    return false;
}

/* Returns the word at `address` if it is the lock of a bin, or the one behind the bins; else NULL. */
struct word *musl_code_old_word(struct musl_code *c, uint64_t address)
{
    uint64_t offset = address - c->old_base;
    if (!c->old_base || address < c->old_base + OLD_BINS_AT || offset > OLD_LAST_LOCK ||
        (offset - OLD_BINS_AT) % OLD_BIN_SIZE)
        return NULL;
    struct word *w = musl_code_word(c, address, true);
    if (!w)
        return NULL;
    if (offset == OLD_LAST_LOCK)
        snprintf(w->part, sizeof(w->part), "all bins");
    else
        snprintf(w->part, sizeof(w->part), "bin %u", (unsigned)(offset - OLD_BINS_AT) / OLD_BIN_SIZE);
    w->lock.verdict = c->old_verdict;
    musl_code_put(&w->evidence, "%s", c->old_evidence);
    return w;
}
