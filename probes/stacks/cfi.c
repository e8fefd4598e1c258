/* See cfi.h.  The meaning of rules and operations: DWARF 5, 6.4 (call frame information) and 2.5
 * (expressions). The rules come from a child (cfi_child.h).  They are kept, since many stacks have the same
 * places. */
#include "probes/stacks/cfi.h"

#include "probes/elf/reader_child.h"
#include "probes/stacks/cfi_child.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

enum {
    STACK_DEPTH = 16, /* of an expression's values */
    CHILDREN = 8,     /* at a time: the one that was started first makes room */
    PLACES = 1 << 9,  /* whose rules are kept */
    SHARE = 3,        /* of the time for all files one may take the third part */
#if defined(__x86_64__)
    FRAME_REGISTERS = 16, /* that a frame may have saved: the general ones */
#else
    FRAME_REGISTERS = 32,
#endif
};

/* What a file has cost, in all of its children: they make room for each other. */
struct account {
    const struct module *module;
    struct reader_time time;
    bool harmful; /* a child has died of it: no other is started */
};

struct reader {
    const struct module *module; /* NULL: free */
    struct cfi_child *child;     /* NULL: it could not be started */
    u64 used_ns;                 /* of its CPU time: what was taken off already */
};

struct place {
    const struct module *module; /* NULL: free */
    u64 address;
    enum cfi_source source;
    struct cfi_rules rules;
};

struct cfi_tables {
    struct reader readers[CHILDREN];
    size_t oldest;
    struct reader_time time;  /* of all files */
    struct reader_time share; /* of one */
    struct account *accounts;
    size_t account_count;
    struct place *places[PLACES]; /* NULL: free */
};

struct cfi_tables *cfi_tables_new(unsigned cpu_seconds)
{
    struct cfi_tables *t = calloc(1, sizeof(*t));
    if (t) {
        t->time = reader_time_of(cpu_seconds);
        t->share.left_ns = t->time.left_ns / SHARE;
    }
    return t;
}

void cfi_tables_free(struct cfi_tables *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < CHILDREN; i++)
        cfi_child_free(t->readers[i].child);
    for (size_t i = 0; i < PLACES; i++)
        free(t->places[i]);
    free(t->accounts);
    free(t);
}

/* Returns what is written of the file, until another is added; NULL: there is no memory. */
static struct account *account_of(struct cfi_tables *t, const struct module *m)
{
    for (size_t i = 0; i < t->account_count; i++)
        if (t->accounts[i].module == m)
            return &t->accounts[i];
    struct account *grown = reallocarray(t->accounts, t->account_count + 1, sizeof(*grown));
    if (!grown)
        return NULL;
    t->accounts = grown;
    grown[t->account_count] = (struct account){.module = m, .time = t->share};
    return &grown[t->account_count++];
}

static bool may_be_read(const struct cfi_tables *t, const struct account *a)
{
    return !a->harmful && a->time.left_ns && t->time.left_ns;
}

/* Takes off what the reader has used, which is `used` in all, since the last time. */
static void reader_charge(struct cfi_tables *t, struct account *a, struct reader *r, u64 used)
{
    const u64 more = used > r->used_ns ? used - r->used_ns : 0;
    reader_time_spend(&t->time, more);
    reader_time_spend(&a->time, more);
    r->used_ns += more;
}

static void reader_end(struct cfi_tables *t, struct reader *r)
{
    struct account *a = r->child ? account_of(t, r->module) : NULL; /* it has one: no other is added */
    const u64 used = cfi_child_free(r->child);
    if (a)
        reader_charge(t, a, r, used);
    *r = (struct reader){0};
}

static struct reader *reader_of(struct cfi_tables *t, const struct account *a)
{
    for (size_t i = 0; i < CHILDREN; i++)
        if (t->readers[i].module == a->module)
            return &t->readers[i];
    struct reader *r = &t->readers[t->oldest];
    t->oldest = (t->oldest + 1) % CHILDREN;
    reader_end(t, r);
    r->module = a->module;
    const unsigned seconds = reader_time_limit(&t->time, a->time.left_ns);
    r->child = seconds ? cfi_child_new(module_descriptor(a->module), seconds) : NULL;
    return r;
}

/* Returns the rules of a place of the module, owned by the tables until they are next asked; NULL: nothing is
 * known. */
static const struct cfi_rules *rules_of(struct cfi_tables *t, const struct module *m, enum cfi_source source,
                                        u64 address)
{
    struct place **slot = &t->places[((u64)(uintptr_t)m / 64 + address * 31 + source) % PLACES];
    if (*slot && (*slot)->module == m && (*slot)->address == address && (*slot)->source == source)
        return &(*slot)->rules;
    struct account *a = account_of(t, m);
    if (!a || !may_be_read(t, a) || (!*slot && !(*slot = calloc(1, sizeof(**slot)))))
        return NULL;
    struct reader *r = reader_of(t, a);
    (*slot)->module = NULL;
    if (!r->child)
        return NULL;
    if (!cfi_child_ask(r->child, source, address, &(*slot)->rules)) {
        a->harmful = true;
        reader_end(t, r);
        return NULL;
    }
    reader_charge(t, a, r, cfi_child_used_ns(r->child));
    (*slot)->module = m;
    (*slot)->address = address;
    (*slot)->source = source;
    return &(*slot)->rules;
}

/* An expression under evaluation. */
struct machine {
    const struct registers *registers;
    stack_read_fn read;
    void *context;
    u64 cfa;
    bool cfa_known;
    u64 stack[STACK_DEPTH];
    size_t depth;
};

static bool push(struct machine *m, u64 value)
{
    if (m->depth == STACK_DEPTH)
        return false;
    m->stack[m->depth++] = value;
    return true;
}

static bool register_get(const struct registers *r, u64 number, u64 *value)
{
    if (number >= DWARF_REGISTERS || !(r->known >> number & 1))
        return false;
    *value = r->value[number];
    return true;
}

static bool push_register(struct machine *m, u64 number, u64 offset)
{
    u64 value;
    return register_get(m->registers, number, &value) && push(m, value + offset);
}

static bool binary_apply(unsigned atom, u64 a, u64 b, u64 *result)
{
    const int64_t x = (int64_t)a, y = (int64_t)b;
    switch (atom) {
    case DW_OP_plus:
        *result = a + b;
        return true;
    case DW_OP_minus:
        *result = a - b;
        return true;
    case DW_OP_mul:
        *result = a * b;
        return true;
    case DW_OP_and:
        *result = a & b;
        return true;
    case DW_OP_or:
        *result = a | b;
        return true;
    case DW_OP_shl:
        *result = b < 64 ? a << b : 0;
        return true;
    case DW_OP_shr:
        *result = b < 64 ? a >> b : 0;
        return true;
    case DW_OP_eq:
        *result = a == b;
        return true;
    case DW_OP_ne:
        *result = a != b;
        return true;
    case DW_OP_ge:
        *result = x >= y;
        return true;
    case DW_OP_gt:
        *result = x > y;
        return true;
    case DW_OP_le:
        *result = x <= y;
        return true;
    case DW_OP_lt:
        *result = x < y;
        return true;
    default:
        return false;
    }
}

static bool binary_run(struct machine *m, unsigned atom)
{
    if (m->depth < 2 ||
        !binary_apply(atom, m->stack[m->depth - 2], m->stack[m->depth - 1], &m->stack[m->depth - 2]))
        return false;
    m->depth--;
    return true;
}

static bool op_run(struct machine *m, const struct cfi_op *op)
{
    unsigned atom = op->atom;
    if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
        return push_register(m, atom - DW_OP_breg0, op->number);
    if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
        return push(m, atom - DW_OP_lit0);
    if (atom >= DW_OP_const1u && atom <= DW_OP_consts) /* all of them are decoded into `number` */
        return push(m, op->number);
    switch (atom) {
    case DW_OP_bregx:
        return push_register(m, op->number, op->number2);
    case DW_OP_call_frame_cfa:
        return m->cfa_known && push(m, m->cfa);
    case DW_OP_plus_uconst:
        if (!m->depth)
            return false;
        m->stack[m->depth - 1] += op->number;
        return true;
    case DW_OP_deref:
        return m->depth && m->read(m->context, m->stack[m->depth - 1], &m->stack[m->depth - 1]);
    case DW_OP_dup:
        return m->depth && push(m, m->stack[m->depth - 1]);
    case DW_OP_drop:
        return m->depth && m->depth--;
    case DW_OP_nop:
        return true;
    default:
        return binary_run(m, atom);
    }
}

/* Runs an expression.  *top is set to what is on top of the stack after it.  A last DW_OP_stack_value says
 * that this is the value and no address of it; that is left to the caller. */
static bool ops_run(struct machine *m, const struct cfi_op *ops, size_t count, u64 *top)
{
    m->depth = 0;
    if (!count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!(i == count - 1 && ops[i].atom == DW_OP_stack_value) && !op_run(m, &ops[i]))
            return false;
    if (!m->depth)
        return false;
    *top = m->stack[m->depth - 1];
    return true;
}

/* Reads what a location description leads to: a register, a value, or a place in memory. */
static bool location_read(struct machine *m, const struct cfi_op *ops, size_t count, u64 *value)
{
    const struct cfi_op *last = &ops[count - 1];
    if (count == 1 && last->atom >= DW_OP_reg0 && last->atom <= DW_OP_reg31)
        return register_get(m->registers, last->atom - DW_OP_reg0, value);
    if (count == 1 && last->atom == DW_OP_regx)
        return register_get(m->registers, last->number, value);
    if (!ops_run(m, ops, count, value))
        return false;
    return last->atom == DW_OP_stack_value || m->read(m->context, *value, value);
}

/* Sets *value to what the register holds in the caller.  false: that is not known. */
static bool register_restore(struct machine *m, const struct cfi_rules *rules, u32 number, u64 *value)
{
    const struct cfi_rule *rule = &rules->registers[number];
    if (rule->kind == RULE_SAME)
        return register_get(m->registers, number, value);
    return rule->kind == RULE_EXPRESSION && location_read(m, &rules->ops[rule->first], rule->count, value);
}

/* Returns the address without a signature: Arm's pointer authentication puts it above the 48 bits that user
 * space has. */
static u64 address_plain(u64 address)
{
#if defined(__aarch64__)
    return address & 0xffffffffffff;
#else
    return address;
#endif
}

static enum cfi_result frame_leave(struct machine *m, const struct cfi_rules *rules, struct registers *r,
                                   bool *signal)
{
    struct registers caller = {.known = 1ull << DWARF_SP | 1ull << DWARF_PC};
    const struct cfi_rule *cfa = &rules->cfa;
    if (cfa->kind != RULE_EXPRESSION || !ops_run(m, &rules->ops[cfa->first], cfa->count, &m->cfa))
        return CFI_NONE;
    *signal = rules->signal;
    m->cfa_known = true;
    for (u32 i = 0; i < FRAME_REGISTERS; i++)
        if (i != DWARF_SP && register_restore(m, rules, i, &caller.value[i]))
            caller.known |= 1ull << i;
    caller.value[DWARF_SP] = m->cfa;
    if (rules->registers[rules->return_register].kind == RULE_UNDEFINED)
        return CFI_OUTERMOST;
    if (!register_restore(m, rules, rules->return_register, &caller.value[DWARF_PC]))
        return CFI_NONE;
    caller.value[DWARF_PC] = address_plain(caller.value[DWARF_PC]);
    if (m->cfa < r->value[DWARF_SP] ||
        (m->cfa == r->value[DWARF_SP] && caller.value[DWARF_PC] == r->value[DWARF_PC]))
        return CFI_NONE; /* stacks are left upwards */
    *r = caller;
    return CFI_STEPPED;
}

enum cfi_result cfi_step(struct cfi_tables *t, const struct module *m, u64 own, struct registers *r,
                         stack_read_fn read, void *context, bool *signal)
{
    enum cfi_result result = CFI_NONE;
    for (enum cfi_source source = 0; source < CFI_SOURCES && result == CFI_NONE; source++) {
        const struct cfi_rules *rules = rules_of(t, m, source, own);
        if (!rules || !rules->found)
            continue;
        struct registers before = *r;
        struct machine machine = {.registers = &before, .read = read, .context = context};
        result = frame_leave(&machine, rules, r, signal);
    }
    return result;
}
