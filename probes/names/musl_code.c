/* See musl_code.h.  What is looked for are facts of musl 1.1.20 to 1.2.5 (src/thread/__lock.c, src/malloc):
 * - __lock and __unlock make one futex call each, on the word that their argument points to.  A word that is
 * held is 0x80000001 or above, so that INT_MAX and INT_MIN + 1 are in their code.
 * - mallocng: malloc compares with MMAP_THRESHOLD, 131052; free crashes on a broken header, and unmaps; both
 * take the one lock.
 * - oldmalloc: one struct holds binmap, 64 bins of {lock[2], head, tail} and split_merge_lock[2].  The bits
 * of binmap are set and cleared by an atomic or and and, on aarch64 in each half by one of its own.
 * MMAP_THRESHOLD is 0x38000, RECLAIM 0x28000. */
#include "probes/names/musl_code.h"

#include "probes/code/code.h"
#include "probes/code/function_facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_LOCK_FUNCTIONS = 4,
    MAX_LOCKS = 160,
    MAX_TAKERS = 16,
    MAX_FUNCTIONS = 48,
    MAX_OLD_FUNCTIONS = 512,
    CRASHES = 2, /* in free: it checks more than one thing */
    OLD_BINS = 64,
    OLD_BIN_SIZE = 24,
    OLD_BINS_AT = 8,
    OLD_LAST_LOCK = OLD_BINS_AT + OLD_BINS * OLD_BIN_SIZE,
    MAX_CODE = 1 << 28,
};

/* A word, and the functions that pass its address to __lock or __unlock. */
struct word {
    struct musl_lock lock;
    char *evidence;
    char part[24];
    const struct facts *takers[MAX_TAKERS];
    size_t taker_count;
};

struct musl_code {
    struct code *code;
    struct facts_table *facts;
    const struct module *module; /* NULL: the bytes are all that there is */
    const struct facts *lock_functions[MAX_LOCK_FUNCTIONS];
    size_t lock_function_count;
    struct word words[MAX_LOCKS];
    size_t word_count;
    const char *malloc;
    const struct facts *functions[MAX_FUNCTIONS]; /* of the malloc that is proved */
    size_t function_count;
    uint64_t old_base; /* where oldmalloc's struct lies; 0: not found */
    enum musl_verdict old_verdict;
    char *old_evidence;
};

__attribute__((format(printf, 2, 3))) static void put(char **text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    free(*text);
    if (vasprintf(text, format, args) < 0)
        *text = NULL;
    va_end(args);
}

/* ---- __lock and __unlock, and who calls them ---- */

static bool is_lock_function(const struct facts *f)
{
    unsigned deeds = f->deeds & (DOES_WAIT | DOES_WAKE);
    if (!(f->deeds & DOES_ATOMIC_ARGUMENT))
        return false;
    return (deeds == DOES_WAIT && f->constants & HAS_INT_MIN_ONE) ||
           (deeds == DOES_WAKE && f->constants & HAS_INT_MAX);
}

static void lock_functions_find(struct musl_code *c)
{
    size_t count;
    const uint32_t *calls = code_syscalls(c->code, &count);
    for (size_t i = 0; i < count && c->lock_function_count < MAX_LOCK_FUNCTIONS; i++) {
        const struct facts *f = facts_around(c->facts, code_address(c->code, calls[i]));
        bool known = !f || !is_lock_function(f);
        for (size_t k = 0; k < c->lock_function_count; k++)
            known |= c->lock_functions[k] == f;
        if (!known)
            c->lock_functions[c->lock_function_count++] = f;
    }
}

static struct word *word_at(struct musl_code *c, uint64_t address, bool make)
{
    for (size_t i = 0; i < c->word_count; i++)
        if (c->words[i].lock.address == address)
            return &c->words[i];
    if (!make || c->word_count == MAX_LOCKS)
        return NULL;
    c->words[c->word_count] = (struct word){.lock = {.address = address}};
    return &c->words[c->word_count++];
}

static void taker_add(struct word *w, const struct facts *f)
{
    for (size_t i = 0; i < w->taker_count; i++)
        if (w->takers[i] == f)
            return;
    if (w->taker_count < MAX_TAKERS)
        w->takers[w->taker_count++] = f;
}

static void words_find(struct musl_code *c, const struct facts *function)
{
    size_t count;
    const struct code_call *callers = code_callers(c->code, function->entry, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t site = code_address(c->code, callers[i].site);
        const struct facts *f = facts_around(c->facts, site);
        for (size_t k = 0; f && k < f->call_count; k++) {
            const struct fact_call *call = &f->calls[k];
            if (call->site != site || !call->has_word || code_holds(c->code, call->word) ||
                (c->module && !module_contains(c->module, call->word)))
                continue;
            struct word *w = word_at(c, call->word, true);
            if (w)
                taker_add(w, f);
        }
    }
}

/* ---- mallocng ---- */

static bool is_taker(const struct musl_code *c, const struct facts *f)
{
    for (size_t i = 0; i < c->word_count; i++)
        for (size_t k = 0; k < c->words[i].taker_count; k++)
            if (c->words[i].takers[k] == f)
                return true;
    return false;
}

/* Whether `f` maps fresh memory itself, by a direct call of mmap.  A callee that takes a lock of musl's
 * doesn't count: it may be malloc or free, called by somebody else. */
static bool maps_memory(struct musl_code *c, const struct facts *f)
{
    for (size_t i = 0; i < f->call_count; i++) {
        const struct facts *callee = f->calls[i].anonymous ? facts_at(c->facts, f->calls[i].target) : NULL;
        if (callee && callee->deeds & DOES_MMAP && !is_taker(c, callee))
            return true;
    }
    return false;
}

/* Whether `f` gives memory back, itself or by a direct call; of callees as above. */
static bool unmaps_memory(struct musl_code *c, const struct facts *f)
{
    unsigned deeds = f->deeds;
    for (size_t i = 0; i < f->call_count; i++) {
        const struct facts *callee = facts_at(c->facts, f->calls[i].target);
        deeds |= callee && !is_taker(c, callee) ? callee->deeds : 0;
    }
    return deeds & (DOES_MUNMAP | DOES_MADVISE);
}

/* Judges a word by the functions that take it: malloc is one that maps memory, free another that unmaps some
 * and crashes on broken headers.  mallocng's own threshold in malloc is the proof. */
static void verdict_of_word(struct musl_code *c, struct word *w)
{
    const struct facts *mapper = NULL, *unmapper = NULL;
    bool threshold = false;
    for (size_t i = 0; i < w->taker_count; i++) {
        const struct facts *f = w->takers[i];
        bool maps = maps_memory(c, f), exact = f->constants & HAS_NG_THRESHOLD;
        if (maps && (!mapper || (exact && !threshold))) {
            mapper = f;
            threshold = exact;
        }
    }
    for (size_t i = 0; i < w->taker_count && !unmapper; i++)
        if (w->takers[i] != mapper && w->takers[i]->crashes >= CRASHES && unmaps_memory(c, w->takers[i]))
            unmapper = w->takers[i];
    w->lock.verdict = !mapper || !unmapper ? MUSL_OTHER : threshold ? MUSL_MALLOC : MUSL_LIKELY;
    if (w->lock.verdict == MUSL_OTHER)
        put(&w->evidence,
            "code: taken as musl takes its locks, by %zu function%s, none of them malloc or free",
            w->taker_count, w->taker_count == 1 ? "" : "s");
    else
        put(&w->evidence,
            "code: %zu functions take it by musl's __lock; that at 0x%llx maps memory %s "
            "mallocng's threshold, that at 0x%llx unmaps and checks headers",
            w->taker_count, (unsigned long long)mapper->entry, threshold ? "above" : "but lacks",
            (unsigned long long)unmapper->entry);
}

/* Judges all words.  mallocng has one lock: where two are proved, neither is. */
static void verdicts(struct musl_code *c)
{
    size_t proved = 0;
    for (size_t i = 0; i < c->word_count; i++) {
        verdict_of_word(c, &c->words[i]);
        proved += c->words[i].lock.verdict == MUSL_MALLOC;
    }
    for (size_t i = 0; i < c->word_count && proved > 1; i++)
        if (c->words[i].lock.verdict == MUSL_MALLOC)
            c->words[i].lock.verdict = MUSL_LIKELY;
    if (proved == 1)
        c->malloc = "mallocng";
}

/* ---- oldmalloc ---- */

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
    if (touches && f->constants & HAS_OLD_THRESHOLD && maps_memory(c, f))
        s->allocates = f;
    if (touches && f->constants & HAS_OLD_RECLAIM && unmaps_memory(c, f))
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
    put(&c->old_evidence,
        "code: it lies in a struct like oldmalloc's at 0x%llx, whose map of bins is "
        "kept by atomic instructions%s; the function at 0x%llx uses it and oldmalloc's constants%s",
        (unsigned long long)base, s.last_lock ? ", with a lock behind 64 bins" : "",
        (unsigned long long)f->entry, s.allocates && s.reclaims ? ", and so does the one that frees" : "");
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

/* Finds oldmalloc's struct.  Candidates are the words whose bits are set by functions that make futex calls,
 * or by what these call. */
static void old_find(struct musl_code *c)
{
    struct old_functions o = {.count = 0};
    old_functions_find(c, &o);
    for (size_t i = 0; i < o.count; i++) {
        for (size_t k = 0; k < o.at[i]->or_count; k++)
            old_try(c, o.at, o.count, o.at[i]->ors[k]);
        for (size_t n = 0; n < o.at[i]->call_count; n++) {
            const struct facts *callee = facts_at(c->facts, o.at[i]->calls[n].target);
            for (size_t k = 0; callee && k < callee->or_count; k++)
                old_try(c, o.at, o.count, callee->ors[k]);
        }
    }
}

/* Returns the word at `address` if it is the lock of a bin, or the one behind the bins; else NULL. */
static struct word *old_word(struct musl_code *c, uint64_t address)
{
    uint64_t offset = address - c->old_base;
    if (!c->old_base || address < c->old_base + OLD_BINS_AT || offset > OLD_LAST_LOCK ||
        (offset - OLD_BINS_AT) % OLD_BIN_SIZE)
        return NULL;
    struct word *w = word_at(c, address, true);
    if (!w)
        return NULL;
    if (offset == OLD_LAST_LOCK)
        snprintf(w->part, sizeof(w->part), "all bins");
    else
        snprintf(w->part, sizeof(w->part), "bin %u", (unsigned)(offset - OLD_BINS_AT) / OLD_BIN_SIZE);
    w->lock.verdict = c->old_verdict;
    put(&w->evidence, "%s", c->old_evidence);
    return w;
}

/* ---- whose code it is ---- */

/* Whether `address` lies in `f`.  A function may have parts elsewhere, with other functions between them:
 * only what lies before the next function's entry counts. */
static bool within(const struct musl_code *c, const struct facts *f, uint64_t address)
{
    return address < f->high && code_entry_before(c->code, address) == f->entry;
}

static bool function_has(const struct musl_code *c, uint64_t address)
{
    for (size_t i = 0; i < c->function_count; i++)
        if (within(c, c->functions[i], address))
            return true;
    return false;
}

static void function_add(struct musl_code *c, const struct facts *f)
{
    if (f && c->function_count < MAX_FUNCTIONS && !function_has(c, f->entry))
        c->functions[c->function_count++] = f;
}

/* Whether only malloc's functions call `f`, beside itself: then it is malloc's, unless it wraps a system
 * call. */
static bool helps_only_malloc(const struct musl_code *c, const struct facts *f)
{
    size_t count;
    const struct code_call *callers = code_callers(c->code, f->entry, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t site = code_address(c->code, callers[i].site);
        if (!function_has(c, site) && !within(c, f, site))
            return false;
    }
    return count > 0 && !(f->deeds & (DOES_MMAP | DOES_MUNMAP | DOES_MADVISE));
}

static void functions_find(struct musl_code *c)
{
    for (size_t i = 0; i < c->word_count; i++)
        for (size_t k = 0; c->words[i].lock.verdict == MUSL_MALLOC && k < c->words[i].taker_count; k++)
            function_add(c, c->words[i].takers[k]);
    for (size_t i = 0; i < c->function_count; i++)
        for (size_t k = 0; k < c->functions[i]->call_count; k++) {
            const struct facts *f = facts_at(c->facts, c->functions[i]->calls[k].target);
            if (f && helps_only_malloc(c, f))
                function_add(c, f);
        }
}

/* Returns whether musl's lock functions were found. */
static bool analyse(struct musl_code *c)
{
    if (!c->facts)
        return false;
    lock_functions_find(c);
    for (size_t i = 0; i < c->lock_function_count; i++)
        words_find(c, c->lock_functions[i]);
    verdicts(c);
    old_find(c);
    functions_find(c);
    return c->lock_function_count > 0;
}

/* Whether every instruction is to be looked at.  musl's __unlock adds INT_MAX by lock xadd, which puts aside
 * most static programs of other C libraries.  On aarch64 there are too many ways to load a constant. */
static bool worth_reading(const uint8_t *bytes, size_t size, const struct machine *machine)
{
    enum { NEAR = 64 };
    static const uint8_t int_max[] = {0xff, 0xff, 0xff, 0x7f}, xadd[] = {0x0f, 0xc1};
    const uint8_t *end = bytes + size, *at = bytes;
    if (machine != &machine_x86)
        return true;
    while (at < end && (at = memmem(at, (size_t)(end - at), int_max, sizeof(int_max)))) {
        at += sizeof(int_max);
        if (memmem(at, end - at < NEAR ? (size_t)(end - at) : NEAR, xadd, sizeof(xadd)))
            return true;
    }
    return false;
}

static struct musl_code *make(uint8_t *bytes, size_t size, uint64_t address, const struct machine *machine,
                              const struct module *m)
{
    struct musl_code *c = bytes && worth_reading(bytes, size, machine) ? calloc(1, sizeof(*c)) : NULL;
    if (!c) {
        free(bytes);
        return NULL;
    }
    c->module = m;
    c->code = code_open(bytes, size, address, machine);
    c->facts = c->code ? facts_new(c->code) : NULL;
    if (analyse(c))
        return c;
    musl_code_free(c);
    return NULL;
}

struct musl_code *musl_code_of_bytes(uint8_t *bytes, size_t size, uint64_t address,
                                     const struct machine *machine)
{
    return make(bytes, size, address, machine, NULL);
}

/* The largest segment that can be executed holds musl's code. */
struct musl_code *musl_code_read(const struct module *m, const struct machine *machine)
{
    uint64_t address = 0, size = 0, a, s;
    bool is_code;
    for (size_t n = 0; module_segment(m, n, &a, &s, &is_code); n++)
        if (is_code && s > size && s <= MAX_CODE) {
            address = a;
            size = s;
        }
    uint8_t *bytes = size ? malloc(size) : NULL;
    if (bytes && !module_bytes(m, address, bytes, size)) {
        free(bytes);
        bytes = NULL;
    }
    return bytes ? make(bytes, size, address, machine, m) : NULL;
}

void musl_code_free(struct musl_code *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->word_count; i++)
        free(c->words[i].evidence);
    free(c->old_evidence);
    facts_free(c->facts);
    code_close(c->code);
    free(c);
}

static const struct musl_lock *lock_of(struct word *w)
{
    w->lock.evidence = w->evidence ? w->evidence : "";
    w->lock.part = w->part[0] ? w->part : NULL;
    return &w->lock;
}

const struct musl_lock *musl_code_lock(struct musl_code *c, uint64_t address)
{
    struct word *w = word_at(c, address, false);
    if (!w)
        w = old_word(c, address);
    return w ? lock_of(w) : NULL;
}

const struct musl_lock *musl_code_next(struct musl_code *c, size_t n)
{
    return n < c->word_count ? lock_of(&c->words[n]) : NULL;
}

const char *musl_code_malloc(const struct musl_code *c)
{
    return c->malloc;
}

const char *musl_code_class(const struct musl_code *c, uint64_t address)
{
    for (size_t i = 0; i < c->lock_function_count; i++)
        if (within(c, c->lock_functions[i], address))
            return "lock";
    return function_has(c, address) ? "allocator" : NULL;
}
