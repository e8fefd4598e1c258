/* The walk of code.h: what each register holds is the same on all ways to an instruction, or unknown.  At
 * each place a register can only become unknown, and stays so: that ends the walk.  Memory is not followed:
 * what was kept on the stack is unknown when it comes back. */
#include "probes/code/code.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2 * MAX_WALK };

/* An instruction that was reached. */
struct place {
    uint64_t address;
    struct code_state state; /* before it */
    bool waiting;            /* in walk.work */
};

struct walk {
    const struct code *code;
    uint64_t entry;
    struct place *places;
    size_t place_count;
    uint16_t slots[SLOTS];   /* by a hash of the address: a place's index + 1 */
    uint16_t work[MAX_WALK]; /* indices of places whose state has changed */
    size_t work_count;
};

/* The place of that address; *made: there was none.  NULL: there are MAX_WALK others. */
static struct place *place_at(struct walk *w, uint64_t address, bool *made)
{
    size_t slot = (address * 0x9e3779b97f4a7c15u >> 32) % SLOTS;
    while (w->slots[slot] && w->places[w->slots[slot] - 1].address != address)
        slot = (slot + 1) % SLOTS;
    *made = !w->slots[slot];
    if (!*made)
        return &w->places[w->slots[slot] - 1];
    if (w->place_count == MAX_WALK)
        return NULL;
    w->slots[slot] = (uint16_t)(w->place_count + 1);
    w->places[w->place_count].address = address;
    return &w->places[w->place_count++];
}

/* What both states know is left in *into.  Returns whether it has changed. */
static bool state_meet(struct code_state *into, const struct code_state *from)
{
    bool changed = false;
    for (size_t r = 0; r < MAX_REGISTERS; r++)
        if (into->kinds[r] && (into->kinds[r] != from->kinds[r] || into->values[r] != from->values[r])) {
            into->kinds[r] = VALUE_UNKNOWN;
            into->values[r] = 0;
            changed = true;
        }
    return changed;
}

/* Control may reach the address with that state. */
static void go_to(struct walk *w, uint64_t address, const struct code_state *state)
{
    bool made;
    if (!code_holds(w->code, address))
        return;
    struct place *p = place_at(w, address, &made);
    if (!p)
        return;
    if (made)
        p->state = *state;
    if ((state_meet(&p->state, state) || made) && !p->waiting) {
        p->waiting = true;
        w->work[w->work_count++] = (uint16_t)(p - w->places);
    }
}

/* Where another function begins, this one has ended: with a jump to it, or right before it with a call that
 * doesn't return. */
static void go_within(struct walk *w, uint64_t address, const struct code_state *state)
{
    if (address == w->entry || !code_is_entry(w->code, address))
        go_to(w, address, state);
}

/* The register holds from now on what the kind and the value tell. */
static void state_put(struct code_state *s, uint8_t reg, uint8_t kind, uint64_t value, bool narrow)
{
    if (reg >= MAX_REGISTERS)
        return;
    if (narrow && kind == VALUE_CONSTANT)
        value = (uint32_t)value;
    else if (narrow) /* half of an address is none; an argument that nothing was added to may be an int */
        kind = value ? VALUE_UNKNOWN : kind;
    s->kinds[reg] = kind;
    s->values[reg] = kind ? value : 0;
}

/* What the registers hold after the instruction. */
static void state_step(const struct machine *m, const struct insn *i, struct code_state *s)
{
    uint32_t writes = i->writes;
    uint8_t source = i->source < MAX_REGISTERS ? s->kinds[i->source] : VALUE_UNKNOWN;
    uint64_t value = source ? s->values[i->source] : 0;
    uint8_t old = i->reg < MAX_REGISTERS ? s->kinds[i->reg] : VALUE_UNKNOWN;
    uint64_t kept = old == VALUE_CONSTANT ? s->values[i->reg] & ~(0xffffull << i->shift) : 0;
    if (i->kind == INSN_CALL || i->kind == INSN_CALL_INDIRECT)
        writes |= m->call_changes;
    for (size_t r = 0; r < MAX_REGISTERS; r++)
        if (writes >> r & 1) {
            s->kinds[r] = VALUE_UNKNOWN;
            s->values[r] = 0;
        }
    if (i->kind == INSN_SET)
        state_put(s, i->reg, VALUE_CONSTANT, i->value, i->narrow);
    else if (i->kind == INSN_COPY || i->kind == INSN_ADD)
        state_put(s, i->reg, source, value + (i->kind == INSN_ADD ? i->value : 0), i->narrow);
    else if (i->kind == INSN_INSERT && old == VALUE_CONSTANT)
        state_put(s, i->reg, VALUE_CONSTANT, kept | i->value, i->narrow);
}

static void step(struct walk *w, struct place *p)
{
    struct insn i;
    code_decode(w->code, p->address, &i);
    if (!i.size)
        return;
    struct code_state after = p->state;
    state_step(code_machine(w->code), &i, &after);
    if (i.kind == INSN_BRANCH || i.kind == INSN_JUMP)
        go_within(w, i.target, &after);
    if (i.kind != INSN_JUMP && i.kind != INSN_JUMP_INDIRECT && i.kind != INSN_RETURN && i.kind != INSN_STOP)
        go_within(w, p->address + i.size, &after);
}

bool code_walk(const struct code *c, uint64_t entry, code_visit_fn visit, void *context)
{
    struct walk *w = calloc(1, sizeof(*w));
    if (!w || !(w->places = calloc(MAX_WALK, sizeof(*w->places)))) {
        free(w);
        return false;
    }
    w->code = c;
    w->entry = entry;
    struct code_state first = {0};
    for (uint8_t n = 0; n < 6; n++)
        first.kinds[code_machine(c)->arguments[n]] = VALUE_ARGUMENT + n;
    go_to(w, entry, &first);
    while (w->work_count) {
        struct place *p = &w->places[w->work[--w->work_count]];
        p->waiting = false;
        step(w, p);
    }
    for (size_t n = 0; n < w->place_count; n++) {
        struct insn i;
        code_decode(c, w->places[n].address, &i);
        if (i.size)
            visit(context, w->places[n].address, &i, &w->places[n].state);
    }
    free(w->places);
    free(w);
    return true;
}

bool code_operand(const struct insn *insn, const struct code_state *state, uint64_t *address)
{
    if (!insn->memory || insn->indexed)
        return false;
    *address = insn->displacement;
    if (insn->base == NO_REGISTER)
        return true;
    *address += state->values[insn->base];
    return state->kinds[insn->base] == VALUE_CONSTANT;
}
