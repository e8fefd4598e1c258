/* See musl_code.h.  What is looked for are facts of musl 1.1.20 to 1.2.6 (src/thread/__lock.c, src/malloc):
 * - __lock and __unlock make one futex call each, on the word that their argument points to.  A word that is
 * held is 0x80000001 or above, so that INT_MAX and INT_MIN + 1 are in their code.
 * - mallocng: malloc compares with MMAP_THRESHOLD, 131052; free crashes on a broken header, and unmaps; both
 * take the one lock.
 * oldmalloc, the one before it, is musl_code_old.c's. */
#include "probes/names/musl_code.h"

#include "probes/names/musl_code_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CRASHES = 2,           /* in free: it checks more than one thing */
    MAX_CALLERS = 1 << 12, /* of one function that are looked at */
};

void musl_code_put(char **text, const char *format, ...)
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

static void lock_function_add(struct musl_code *c, const struct facts *f)
{
    for (size_t k = 0; k < c->lock_function_count; k++)
        if (c->lock_functions[k] == f)
            return;
    if (c->lock_function_count < MAX_LOCK_FUNCTIONS)
        c->lock_functions[c->lock_function_count++] = f;
}

static void lock_functions_find(struct musl_code *c)
{
    size_t count;
    const uint32_t *calls = code_syscalls(c->code, &count);
    for (size_t i = 0; i < count; i++) {
        const struct facts *f = facts_around(c->facts, code_address(c->code, calls[i]));
        if (f && is_lock_function(f))
            lock_function_add(c, f);
    }
}

struct word *musl_code_word(struct musl_code *c, uint64_t address, bool make)
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
            struct word *w = musl_code_word(c, call->word, true);
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

/* By a direct call of mmap.  A callee that takes a lock of musl's
 * doesn't count: it may be malloc or free, called by somebody else. */
bool musl_code_maps(struct musl_code *c, const struct facts *f)
{
    for (size_t i = 0; i < f->call_count; i++) {
        const struct facts *callee = f->calls[i].anonymous ? facts_at(c->facts, f->calls[i].target) : NULL;
        if (callee && callee->deeds & DOES_MMAP && !is_taker(c, callee))
            return true;
    }
    return false;
}

/* Itself, or by a direct call; of callees as above. */
bool musl_code_unmaps(struct musl_code *c, const struct facts *f)
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
        bool maps = musl_code_maps(c, f), exact = f->constants & HAS_NG_THRESHOLD;
        if (maps && (!mapper || (exact && !threshold))) {
            mapper = f;
            threshold = exact;
        }
    }
    for (size_t i = 0; i < w->taker_count && !unmapper; i++)
        if (w->takers[i] != mapper && w->takers[i]->crashes >= CRASHES && musl_code_unmaps(c, w->takers[i]))
            unmapper = w->takers[i];
    w->lock.verdict = !mapper || !unmapper ? MUSL_OTHER : threshold ? MUSL_MALLOC : MUSL_LIKELY;
    if (w->lock.verdict == MUSL_OTHER)
        musl_code_put(&w->evidence,
                      "code: taken as musl takes its locks, by %zu function%s, none of them malloc or free",
                      w->taker_count, w->taker_count == 1 ? "" : "s");
    else
        musl_code_put(&w->evidence,
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

/* ---- whose code it is ---- */

/* Whether `address` lies in `f`.  A function may have parts elsewhere, with other functions between them:
 * only what lies before the next function's entry counts. */
static bool within(const struct musl_code *c, const struct facts *f, uint64_t address)
{
    return address < f->high && code_entry_before(c->code, address) == f->entry;
}

bool musl_code_has(const struct musl_code *c, uint64_t address)
{
    for (size_t i = 0; i < c->function_count; i++)
        if (within(c, c->functions[i], address))
            return true;
    return false;
}

static void function_add(struct musl_code *c, const struct facts *f)
{
    if (f && c->function_count < MAX_FUNCTIONS && !musl_code_has(c, f->entry))
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
        if (!facts_spend(c->facts, 1) || (!musl_code_has(c, site) && !within(c, f, site)))
            return false;
    }
    return count > 0 && !(f->deeds & (DOES_MMAP | DOES_MUNMAP | DOES_MADVISE));
}

/* Whether the function does nothing but jump to one of malloc's: malloc itself, to where it is done. */
static bool is_alias(const struct musl_code *c, const struct facts *f)
{
    struct insn first;
    code_decode(c->code, f->entry, &first);
    if (first.size && first.kind == INSN_OTHER && !first.writes && !first.memory) /* endbr64, bti */
        code_decode(c->code, f->entry + first.size, &first);
    return first.size && first.kind == INSN_JUMP && musl_code_has(c, first.target);
}

bool musl_code_only_caller(const struct musl_code *c, const struct facts *f, const struct facts *callee)
{
    size_t count;
    const struct code_call *callers = code_callers(c->code, callee->entry, &count);
    for (size_t i = 0; i < count; i++)
        if (!facts_spend(c->facts, 1) || !within(c, f, code_address(c->code, callers[i].site)))
            return false;
    return count > 0;
}

/* Whether `f`, which calls one of malloc's functions, is one of malloc's kin.  realloc and aligned_alloc
 * check headers and crash on broken ones, which a program's functions can't; calloc leaves that to a function
 * that only it calls; posix_memalign calls aligned_alloc if the alignment is none less than a pointer's. */
static bool is_kin(struct musl_code *c, const struct facts *f)
{
    if (is_alias(c, f) || f->crashes >= CRASHES || musl_code_old_kin(c, f))
        return true;
    const unsigned refuses = HAS_EINVAL | HAS_POINTER_SIZE;
    for (size_t i = 0; i < f->call_count; i++) {
        const struct facts *callee = facts_at(c->facts, f->calls[i].target);
        const bool checks = callee && callee->crashes >= CRASHES,
                   known = callee && musl_code_has(c, callee->entry);
        if (checks && !known && f->constants & HAS_ENOMEM && musl_code_only_caller(c, f, callee))
            return true;
        if (checks && known && (f->constants & refuses) == refuses && !is_taker(c, callee))
            return true;
    }
    return false;
}

/* Adds malloc's kin: they call malloc or each other. */
static void kin_find(struct musl_code *c)
{
    for (size_t i = 0; i < c->function_count; i++) {
        size_t count;
        const struct code_call *callers = code_callers(c->code, c->functions[i]->entry, &count);
        for (size_t k = 0; k < count && k < MAX_CALLERS; k++) {
            const struct facts *f = facts_around(c->facts, code_address(c->code, callers[k].site));
            if (f && !musl_code_has(c, f->entry) && is_kin(c, f))
                function_add(c, f);
        }
    }
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
    kin_find(c);
}

/* Adds __wait, which oldmalloc's functions call where mallocng's call __lock: it makes a futex call, and
 * calls nothing else. */
static void waiting_functions_find(struct musl_code *c)
{
    for (size_t i = 0; i < c->function_count; i++)
        for (size_t k = 0; k < c->functions[i]->call_count; k++) {
            const struct facts *f = facts_at(c->facts, c->functions[i]->calls[k].target);
            if (f && f->deeds & DOES_FUTEX && !f->call_count && !musl_code_has(c, f->entry))
                lock_function_add(c, f);
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
    musl_code_old_find(c);
    functions_find(c);
    waiting_functions_find(c);
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
        if (is_code && s > size && s <= CODE_MAX_SEGMENT) {
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
    struct word *w = musl_code_word(c, address, false);
    if (!w)
        w = musl_code_old_word(c, address);
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
    return musl_code_has(c, address) ? "allocator" : NULL;
}
