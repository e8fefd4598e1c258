/* See code_piece.h.  Backwards no instruction can be told for certain: some bytes are the end of several.  A
 * call is looked for in each length that it may have; its prefixes don't matter. */
#include "probes/code/code_piece.h"

enum { STUB_INSTRUCTIONS = 5 };

/* The instruction at an offset; false: the bytes are none. */
static bool decode_at(const struct code_piece *p, size_t offset, struct insn *out)
{
    p->machine->decode(p->bytes + offset, p->size - offset, p->address + offset, out);
    return out->size > 0;
}

static bool ends_with(const struct code_piece *p, enum insn_kind kind, struct insn *out)
{
    size_t longest = p->machine->call_bytes < p->size ? p->machine->call_bytes : p->size;
    for (size_t size = p->machine->step; size <= longest; size += p->machine->step)
        if (decode_at(p, p->size - size, out) && out->size == size && out->kind == kind)
            return true;
    return false;
}

bool code_piece_ends_with_call(const struct code_piece *p, uint64_t *target)
{
    struct insn i;
    if (!ends_with(p, INSN_CALL, &i))
        return false;
    *target = i.target;
    return true;
}

bool code_piece_ends_with_indirect_call(const struct code_piece *p)
{
    struct insn i;
    return ends_with(p, INSN_CALL_INDIRECT, &i);
}

/* What may stand before the jump of a stub: endbr64 or bti, and on aarch64 the loading of where to. */
static bool is_preparation(const struct machine *m, const struct insn *i)
{
    bool plain = i->kind == INSN_OTHER || i->kind == INSN_SET || i->kind == INSN_ADD;
    return plain && (i->writes ? !(i->writes & ~m->stub_changes) : !i->memory && !i->has_immediate);
}

enum code_stub code_piece_stub(const struct code_piece *p, uint64_t *target)
{
    struct insn i;
    size_t at = 0;
    for (int n = 0; n < STUB_INSTRUCTIONS && at < p->size && decode_at(p, at, &i); n++) {
        if (i.kind == INSN_JUMP_INDIRECT)
            return CODE_STUB_INDIRECT;
        if (i.kind == INSN_JUMP && i.far) {
            *target = i.target;
            return CODE_STUB_JUMP;
        }
        if (!is_preparation(p->machine, &i))
            break;
        at += i.size;
    }
    return CODE_STUB_NONE;
}

bool code_piece_next_exit(const struct code_piece *p, size_t *at, uint64_t *target)
{
    struct insn i;
    while (*at < p->size) {
        const bool decoded = decode_at(p, *at, &i);
        *at += decoded ? i.size : p->machine->step;
        if (!decoded || (i.kind != INSN_JUMP && i.kind != INSN_BRANCH) || i.target - p->address < p->size)
            continue;
        *target = i.target;
        return true;
    }
    return false;
}

bool code_piece_jumps_indirectly(const struct code_piece *p)
{
    struct insn i;
    for (size_t at = 0; at < p->size; at += i.size ? i.size : p->machine->step)
        if (decode_at(p, at, &i) && i.kind == INSN_JUMP_INDIRECT)
            return true;
    return false;
}

/* Whether the function has ended behind the instruction, at `next`: control doesn't go on, and nothing before
 * jumps further.  *beyond: the furthest place that a jump led to so far.  A far jump forward may be one to
 * another function, a near one is not.  Both are offsets into the piece. */
static bool function_ends(const struct code_piece *p, const struct insn *i, size_t next, size_t *beyond)
{
    const uint64_t to = i->target - p->address;
    const bool stays = i->kind == INSN_BRANCH || (i->kind == INSN_JUMP && !i->far);
    if (stays && to < p->size && to > *beyond)
        *beyond = (size_t)to;
    return next > *beyond && (i->kind == INSN_JUMP || i->kind == INSN_JUMP_INDIRECT ||
                              i->kind == INSN_RETURN || i->kind == INSN_STOP);
}

size_t code_piece_function_size(const struct code_piece *p)
{
    struct insn i;
    size_t at = 0, beyond = 0;
    while (at < p->size && decode_at(p, at, &i)) {
        at += i.size;
        if (function_ends(p, &i, at, &beyond))
            break;
    }
    return at;
}

/* Which registers hold addresses, in the order of the instructions and not of the ways through them. */
struct addresses {
    uint64_t values[MAX_REGISTERS];
    uint32_t known;
};

/* Whether the instruction makes the address `target`. */
static bool addresses_step(struct addresses *a, const struct insn *i, uint64_t target)
{
    bool sets = i->kind == INSN_SET && i->relative && !i->narrow;
    bool adds = i->kind == INSN_ADD && i->source < MAX_REGISTERS && a->known >> i->source & 1 && !i->narrow;
    uint64_t value = sets ? i->value : adds ? a->values[i->source] + i->value : 0;
    a->known &= ~i->writes;
    if ((!sets && !adds) || i->reg >= MAX_REGISTERS)
        return false;
    a->known |= 1u << i->reg;
    a->values[i->reg] = value;
    return value == target;
}

bool code_piece_refers(const struct code_piece *p, uint64_t target)
{
    struct addresses a = {.known = 0};
    struct insn i;
    size_t beyond = 0;
    for (size_t at = 0; at < p->size; at += i.size ? i.size : p->machine->step) {
        if (!decode_at(p, at, &i))
            continue;
        if (addresses_step(&a, &i, target))
            return true;
        if (function_ends(p, &i, at + i.size, &beyond))
            break;
    }
    return false;
}
