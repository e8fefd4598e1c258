/* See cfi.h.  The meaning of rules and operations: DWARF 5, 6.4 (call frame information) and 2.5
 * (expressions). */
#include "probes/cfi.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_OPS = 32,
    STACK_DEPTH = 16,
#if defined(__x86_64__)
    FRAME_REGISTERS = 16, /* those that a frame may have saved; the rest are no general ones */
#else
    FRAME_REGISTERS = 32,
#endif
};

struct cfi_table {
    const struct module *module;
    Elf *elf;
    Dwarf_CFI *eh;
    Dwarf *dwarf;
    Dwarf_CFI *debug;
};

struct cfi_tables {
    struct cfi_table *tables;
    size_t count, capacity;
};

struct cfi_tables *cfi_tables_new(void)
{
    return calloc(1, sizeof(struct cfi_tables));
}

void cfi_tables_free(struct cfi_tables *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++) {
        struct cfi_table *c = &t->tables[i];
        if (c->eh)
            dwarf_cfi_end(c->eh);
        if (c->dwarf)
            dwarf_end(c->dwarf);
        if (c->elf)
            elf_end(c->elf);
    }
    free(t->tables);
    free(t);
}

static void table_open(struct cfi_table *c, const struct module *m)
{
    *c = (struct cfi_table){.module = m};
    elf_version(EV_CURRENT);
    if (!(c->elf = elf_begin(module_descriptor(m), ELF_C_READ_MMAP, NULL)))
        return;
    c->eh = dwarf_getcfi_elf(c->elf);
    if ((c->dwarf = dwarf_begin_elf(c->elf, DWARF_C_READ, NULL)))
        c->debug = dwarf_getcfi(c->dwarf); /* the Dwarf's own */
}

static const struct cfi_table *table_of(struct cfi_tables *t, const struct module *m)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->tables[i].module == m)
            return &t->tables[i];
    if (t->count == t->capacity) {
        size_t larger = t->capacity ? 2 * t->capacity : 8;
        struct cfi_table *grown = reallocarray(t->tables, larger, sizeof(*grown));
        if (!grown)
            return NULL;
        t->tables = grown;
        t->capacity = larger;
    }
    table_open(&t->tables[t->count], m);
    return &t->tables[t->count++];
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

static bool op_run(struct machine *m, const Dwarf_Op *op)
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

/* What is on top after all operations; DW_OP_stack_value says so already. */
static bool ops_run(struct machine *m, const Dwarf_Op *ops, size_t count, u64 *top)
{
    m->depth = 0;
    if (!count || count > MAX_OPS)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!(i == count - 1 && ops[i].atom == DW_OP_stack_value) && !op_run(m, &ops[i]))
            return false;
    if (!m->depth)
        return false;
    *top = m->stack[m->depth - 1];
    return true;
}

/* A location description: a register, a value, or a place in memory. */
static bool location_read(struct machine *m, const Dwarf_Op *ops, size_t count, u64 *value)
{
    const Dwarf_Op *last = &ops[count - 1];
    if (count == 1 && last->atom >= DW_OP_reg0 && last->atom <= DW_OP_reg31)
        return register_get(m->registers, last->atom - DW_OP_reg0, value);
    if (count == 1 && last->atom == DW_OP_regx)
        return register_get(m->registers, last->number, value);
    if (!ops_run(m, ops, count, value))
        return false;
    return last->atom == DW_OP_stack_value || m->read(m->context, *value, value);
}

enum rule { RULE_VALUE, RULE_UNDEFINED, RULE_LOST };

static enum rule register_restore(struct machine *m, Dwarf_Frame *frame, int number, u64 *value)
{
    Dwarf_Op memory[3], *ops;
    size_t count;
    if (dwarf_frame_register(frame, number, memory, &ops, &count))
        return RULE_LOST;
    if (!count && ops == memory)
        return RULE_UNDEFINED;
    if (!count)
        return register_get(m->registers, (u64)number, value) ? RULE_VALUE : RULE_LOST;
    return location_read(m, ops, count, value) ? RULE_VALUE : RULE_LOST;
}

/* Arm's pointer authentication signs return addresses above the 48 bits that user space has. */
static u64 address_plain(u64 address)
{
#if defined(__aarch64__)
    return address & 0xffffffffffff;
#else
    return address;
#endif
}

static enum cfi_result frame_leave(struct machine *m, Dwarf_Frame *frame, struct registers *r, bool *signal)
{
    Dwarf_Op *ops;
    size_t count;
    struct registers caller = {.known = 1ull << DWARF_SP | 1ull << DWARF_PC};
    int return_register = dwarf_frame_info(frame, NULL, NULL, signal);
    if (return_register < 0 || dwarf_frame_cfa(frame, &ops, &count) || !ops_run(m, ops, count, &m->cfa))
        return CFI_NONE;
    m->cfa_known = true;
    for (int i = 0; i < FRAME_REGISTERS; i++)
        if (i != DWARF_SP && register_restore(m, frame, i, &caller.value[i]) == RULE_VALUE)
            caller.known |= 1ull << i;
    caller.value[DWARF_SP] = m->cfa;
    switch (register_restore(m, frame, return_register, &caller.value[DWARF_PC])) {
    case RULE_UNDEFINED:
        return CFI_OUTERMOST;
    case RULE_LOST:
        return CFI_NONE;
    default:
        caller.value[DWARF_PC] = address_plain(caller.value[DWARF_PC]);
    }
    if (m->cfa < r->value[DWARF_SP] ||
        (m->cfa == r->value[DWARF_SP] && caller.value[DWARF_PC] == r->value[DWARF_PC]))
        return CFI_NONE; /* stacks are left upwards */
    *r = caller;
    return CFI_STEPPED;
}

enum cfi_result cfi_step(struct cfi_tables *t, const struct module *m, u64 own, struct registers *r,
                         stack_read_fn read, void *context, bool *signal)
{
    const struct cfi_table *c = table_of(t, m);
    if (!c)
        return CFI_NONE;
    Dwarf_CFI *const sources[] = {c->eh, c->debug};
    enum cfi_result result = CFI_NONE;
    for (size_t i = 0; i < 2 && result == CFI_NONE; i++) {
        Dwarf_Frame *frame = NULL;
        if (!sources[i] || dwarf_cfi_addrframe(sources[i], own, &frame))
            continue;
        struct registers before = *r;
        struct machine machine = {.registers = &before, .read = read, .context = context};
        result = frame_leave(&machine, frame, r, signal);
        free(frame);
    }
    return result;
}
