/* See function_facts.h.  A function is asked about by an address in it, and functions are known to begin only
 * where calls lead.  The nearest of these places before the address are tried, until a walk from one reaches
 * it. */
#include "probes/code/function_facts.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_FACTS = 4096,
    SLOTS = 2 * MAX_FACTS,
    /* Work, by the code's size: instructions that may be walked through, and questions.  Code that is made to
     * be walked again and again shall not take long; real programs need a tenth of it. */
    MIN_BUDGET = 1 << 16,
    PER_BYTE = 64,
    PER_WALK = 64, /* what a walk costs beside its instructions: else a function of one could be asked about
                      for ever */
    MAX_BUDGET = 1 << 23,
    TRIES = 4, /* beginnings before an address */
    FUTEX_WAIT_PRIVATE = 0x80,
    FUTEX_WAKE_PRIVATE = 0x81,
    MAP_ANONYMOUS_FLAG = 0x20,
};

struct facts_table {
    const struct code *code;
    size_t budget; /* work that is left */
    struct facts *facts[MAX_FACTS];
    size_t count;
    uint16_t slots[SLOTS]; /* by a hash of the entry: an index of facts + 1 */
};

struct facts_table *facts_new(const struct code *c)
{
    struct facts_table *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->code = c;
    t->budget = code_size(c) < MAX_BUDGET / PER_BYTE ? MIN_BUDGET + code_size(c) * PER_BYTE : MAX_BUDGET;
    return t;
}

void facts_free(struct facts_table *t)
{
    for (size_t i = 0; t && i < t->count; i++)
        free(t->facts[i]);
    free(t);
}

/* A walk that fills the facts of one function. */
struct look {
    const struct code *code;
    const struct machine *machine;
    struct facts *facts;
    size_t walked;
};

static bool is_constant(const struct code_state *s, uint8_t reg, uint64_t *value)
{
    *value = s->values[reg];
    return s->kinds[reg] == VALUE_CONSTANT;
}

static bool is_first_argument(const struct code_state *s, uint8_t reg)
{
    return reg < MAX_REGISTERS && s->kinds[reg] == VALUE_ARGUMENT && s->values[reg] == 0;
}

static void see_constant(struct facts *f, uint64_t value)
{
    static const struct {
        uint32_t value;
        unsigned bit;
    } known[] = {
        {0x7fffffff, HAS_INT_MAX},
        {0x80000001, HAS_INT_MIN_ONE},
        {0x1ffec, HAS_NG_THRESHOLD},
        {0x1ffeb, HAS_NG_THRESHOLD},
        {0x38000, HAS_OLD_THRESHOLD},
        {0x38001, HAS_OLD_THRESHOLD},
        {0x28000, HAS_OLD_RECLAIM},
        {0x28001, HAS_OLD_RECLAIM},
        {12, HAS_ENOMEM},
        {22, HAS_EINVAL},
        {7, HAS_POINTER_SIZE},
        {8, HAS_POINTER_SIZE},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if ((uint32_t)value == known[i].value)
            f->constants |= known[i].bit;
}

static unsigned futex_deed(const struct machine *m, const struct code_state *s)
{
    uint64_t operation, count;
    if (!is_first_argument(s, m->syscall_arguments[0]) ||
        !is_constant(s, m->syscall_arguments[1], &operation))
        return DOES_FUTEX;
    if (operation == FUTEX_WAIT_PRIVATE)
        return DOES_FUTEX | DOES_WAIT;
    bool one = is_constant(s, m->syscall_arguments[2], &count) && count == 1;
    return DOES_FUTEX | (operation == FUTEX_WAKE_PRIVATE && one ? DOES_WAKE : 0);
}

static void see_syscall(const struct machine *m, struct facts *f, const struct code_state *s)
{
    uint64_t number;
    if (!is_constant(s, m->syscall_number, &number))
        return;
    f->deeds |= number == m->nr_mmap      ? DOES_MMAP
                : number == m->nr_munmap  ? DOES_MUNMAP
                : number == m->nr_brk     ? DOES_BRK
                : number == m->nr_madvise ? DOES_MADVISE
                : number == m->nr_futex   ? futex_deed(m, s)
                                          : 0u;
}

static void see_call(const struct machine *m, struct facts *f, uint64_t site, uint64_t target,
                     const struct code_state *s)
{
    uint64_t flags, descriptor;
    if (f->call_count == MAX_FACT_CALLS)
        return;
    struct fact_call *call = &f->calls[f->call_count++];
    *call = (struct fact_call){.target = target, .site = site};
    call->has_word = is_constant(s, m->arguments[0], &call->word);
    call->anonymous = is_constant(s, m->arguments[3], &flags) && flags & MAP_ANONYMOUS_FLAG &&
                      is_constant(s, m->arguments[4], &descriptor) && (uint32_t)descriptor == UINT32_MAX;
}

/* Each word is kept once. */
static void see_word(uint64_t *words, size_t *count, uint64_t word)
{
    for (size_t i = 0; i < *count; i++)
        if (words[i] == word)
            return;
    if (*count < MAX_FACT_WORDS)
        words[(*count)++] = word;
}

static void see_memory(const struct machine *m, struct facts *f, const struct insn *i,
                       const struct code_state *s)
{
    uint64_t address;
    bool wide = i->wide || m->halves;
    if (i->atomic && !i->indexed && i->displacement == 0 && is_first_argument(s, i->base))
        f->deeds |= DOES_ATOMIC_ARGUMENT;
    if (!code_operand(i, s, &address))
        return;
    f->crashes += i->store && address == 0;
    if (i->atomic == ATOMIC_AND && wide)
        see_word(f->ands, &f->and_count, address);
    else if (i->atomic == ATOMIC_OR && wide)
        see_word(f->ors, &f->or_count, address);
    else if (i->atomic == ATOMIC_SWAP)
        see_word(f->swaps, &f->swap_count, address);
}

static void see(void *context, uint64_t address, const struct insn *i, const struct code_state *s)
{
    struct look *look = context;
    struct facts *f = look->facts;
    look->walked++;
    f->low = address < f->low ? address : f->low;
    f->high = address + i->size > f->high ? address + i->size : f->high;
    f->crashes += i->crash;
    if (i->has_immediate)
        see_constant(f, i->immediate);
    if (i->kind == INSN_SET || i->kind == INSN_ADD)
        see_constant(f, i->value);
    if (i->kind == INSN_INSERT && s->kinds[i->reg] == VALUE_CONSTANT)
        see_constant(f, (s->values[i->reg] & ~(0xffffull << i->shift)) | i->value);
    if (i->kind == INSN_CALL || (i->kind == INSN_JUMP && i->far && code_is_entry(look->code, i->target)))
        see_call(look->machine, f, address, i->target, s);
    else if (i->kind == INSN_SYSCALL)
        see_syscall(look->machine, f, s);
    see_memory(look->machine, f, i, s);
}

bool facts_spend(struct facts_table *t, size_t work)
{
    const bool some = t->budget > 0;
    t->budget -= work < t->budget ? work : t->budget;
    return some;
}

size_t facts_left(const struct facts_table *t)
{
    return t->budget;
}

/* Returns where the function's index stands, or would. */
static uint16_t *slot_of(struct facts_table *t, uint64_t entry)
{
    size_t slot = (entry * 0x9e3779b97f4a7c15u >> 32) % SLOTS;
    while (t->slots[slot] && t->facts[t->slots[slot] - 1]->entry != entry)
        slot = (slot + 1) % SLOTS;
    return &t->slots[slot];
}

const struct facts *facts_at(struct facts_table *t, uint64_t entry)
{
    if (!facts_spend(t, 1))
        return NULL;
    uint16_t *slot = slot_of(t, entry);
    if (*slot)
        return t->facts[*slot - 1];
    struct facts *f = t->count < MAX_FACTS && t->budget ? calloc(1, sizeof(*f)) : NULL;
    if (!f)
        return NULL;
    f->entry = f->low = f->high = entry;
    t->facts[t->count++] = f;
    *slot = (uint16_t)t->count;
    struct look look = {.code = t->code, .machine = code_machine(t->code), .facts = f};
    bool ok = code_walk(t->code, entry, see, &look);
    facts_spend(t, look.walked + PER_WALK);
    return ok ? f : NULL;
}

/* A walk that looks for an address. */
struct meeting {
    uint64_t wanted;
    size_t walked; /* instructions */
    bool met;
};

static void meet(void *context, uint64_t address, const struct insn *i, const struct code_state *s)
{
    struct meeting *m = context;
    (void)i, (void)s;
    m->walked++;
    m->met |= address == m->wanted;
}

const struct facts *facts_around(struct facts_table *t, uint64_t address)
{
    uint64_t entry = code_entry_before(t->code, address);
    for (int n = 0; n < TRIES && entry; n++) {
        struct meeting m = {.wanted = address};
        if (!t->budget || !code_walk(t->code, entry, meet, &m))
            return NULL;
        facts_spend(t, m.walked + PER_WALK);
        if (m.met)
            return facts_at(t, entry);
        entry = code_entry_before(t->code, entry - 1);
    }
    return NULL;
}
