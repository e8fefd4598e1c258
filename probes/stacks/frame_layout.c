/* See frame_layout.h.  An account of what moves the stack pointer and the frame pointer, and of where
 * registers are put.  x86-64: a call puts the return address onto the stack.  aarch64: it is in the link
 * register, which is saved as others are. */
#include "probes/stacks/frame_layout.h"

#include "probes/code/insn.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_BYTES = 1 << 14,   /* of one function: more are not read */
    UNKNOWN_SIZE = 1 << 12, /* bytes that are read of one whose size isn't known */
#if defined(__x86_64__)
    SP = 4,
    FP = 5,
    LINK = 0,
    LINK_BIT = 0,                          /* there is none */
    PRESERVED = 1 << 3 | 1 << FP | 0xf000, /* rbx, rbp, r12 to r15 */
    RETURN_SIZE = 8,
    STEP = 1, /* instructions lie at multiples of so many bytes */
#else
    SP = 31,
    FP = 29,
    LINK = 30,
    LINK_BIT = 1 << LINK,
    PRESERVED = 0x7ff << 19 | LINK_BIT, /* x19 to x29 */
    RETURN_SIZE = 0,
    STEP = 4,
#endif
    NOT_KNOWN = INT32_MIN,
    FAR = 1 << 28, /* bytes: no frame is so large */
};

/* What is known before one instruction.  The origin is where the return address lies (x86-64), or where the
 * stack pointer was when the function began (aarch64). */
struct place {
    int32_t depth, frame_depth; /* bytes from the stack pointer and the frame pointer up to the origin */
    uint32_t saved;             /* bit n: register n lies at walk.saved_at[n] */
    uint32_t kept; /* bit n: register n still holds, or again, what it held when the function began */
    uint8_t ends;  /* the instruction's size in bytes, where nothing follows it */
    bool seen;     /* a way leads here */
    bool waiting;  /* in walk.work */
};

struct walk {
    uint8_t *bytes;
    size_t size;
    uint64_t start;
    struct place *places; /* one every STEP bytes, and one for what lies behind the last */
    uint16_t *work;       /* offsets of places that have changed */
    size_t work_count;
    int32_t saved_at[MAX_REGISTERS]; /* bytes below the origin */
    struct place
        choice; /* what the targets of a jump through a table begin with, where there is one (choices) */
    bool choices;
};

/* Control may reach the address with what *p tells: what is known there is what all ways to it agree on. */
static void place_reach(struct walk *w, uint64_t address, const struct place *p)
{
    uint64_t offset = address - w->start;
    if (offset > w->size || offset % STEP)
        return;
    struct place *to = &w->places[offset / STEP];
    bool changed = !to->seen;
    if (!to->seen) {
        *to = *p;
        to->waiting = false;
        to->ends = 0;
    } else {
        changed |= to->depth != NOT_KNOWN && to->depth != p->depth;
        changed |= to->frame_depth != NOT_KNOWN && to->frame_depth != p->frame_depth;
        changed |= (to->saved & p->saved) != to->saved || (to->kept & p->kept) != to->kept;
        if (to->depth != p->depth)
            to->depth = NOT_KNOWN;
        if (to->frame_depth != p->frame_depth)
            to->frame_depth = NOT_KNOWN;
        to->saved &= p->saved;
        to->kept &= p->kept;
    }
    to->seen = true;
    if (changed && !to->waiting && offset < w->size) {
        to->waiting = true;
        w->work[w->work_count++] = (uint16_t)offset;
    }
}

/* The stack pointer, or the frame pointer, moves down by so many bytes. */
static void depth_move(int32_t *depth, int64_t by)
{
    if (*depth != NOT_KNOWN)
        *depth = by > -FAR && by<FAR && * depth> - FAR && *depth < FAR ? *depth + (int32_t)by : NOT_KNOWN;
}

/* A register that still holds the caller's value is put `below` bytes below the origin: that saves it.  What
 * a function pushes of its own is an argument. */
static void register_save(struct walk *w, struct place *p, unsigned number, int64_t below)
{
    if (number >= MAX_REGISTERS || !(p->kept >> number & 1) || p->saved >> number & 1 || below < 8 ||
        below >= FAR)
        return;
    if (w->saved_at[number] && w->saved_at[number] != below)
        return; /* another way has saved it elsewhere */
    w->saved_at[number] = (int32_t)below;
    p->saved |= 1u << number;
}

/* A register is loaded from `below` bytes below the origin: that may give back the caller's value. */
static void register_restore(const struct walk *w, struct place *p, unsigned number, int64_t below)
{
    if (number >= MAX_REGISTERS || !(p->saved >> number & 1) || below != w->saved_at[number])
        return;
    p->saved &= ~(1u << number);
    p->kept |= 1u << number;
}

static void register_push(struct walk *w, struct place *p, unsigned number)
{
    depth_move(&p->depth, 8);
    if (p->depth != NOT_KNOWN)
        register_save(w, p, number, p->depth);
}

static void register_pop(const struct walk *w, struct place *p, unsigned number)
{
    int32_t below = p->depth;
    depth_move(&p->depth, -8);
    if (number == SP)
        p->depth = NOT_KNOWN;
    if (number == FP)
        p->frame_depth = NOT_KNOWN;
    p->kept &= ~(1u << number);
    register_restore(w, p, number, below);
    p->saved &= ~(1u << number);
}

/* Loads and stores of registers by base and constant, on the stack. */
static void memory_step(struct walk *w, const struct insn *i, struct place *p)
{
    int32_t *base = i->base == SP ? &p->depth : i->base == FP ? &p->frame_depth : NULL;
    bool pair = i->kind == INSN_STORE_PAIR || i->kind == INSN_LOAD_PAIR;
    if (!i->memory || !base)
        return;
    int64_t below = *base - (int64_t)i->displacement;
    if (*base != NOT_KNOWN && (pair || (i->wide && (!i->indexed || i->moves)))) {
        if (i->kind == INSN_STORE_PAIR)
            register_save(w, p, i->reg, below);
        if (i->kind == INSN_STORE_PAIR || i->store)
            register_save(w, p, i->source, pair ? below - 8 : below);
        if (i->kind == INSN_LOAD_PAIR || i->load)
            register_restore(w, p, i->reg, below);
        if (i->kind == INSN_LOAD_PAIR)
            register_restore(w, p, i->source, below - 8);
    }
    depth_move(base, -i->moves);
}

/* What moves the stack pointer by itself.  Returns false where the instruction doesn't. */
static bool stack_step(struct walk *w, const struct insn *i, struct place *p)
{
    switch (i->kind) {
    case INSN_PUSH:
        if (i->source == NO_REGISTER)
            depth_move(&p->depth, 8);
        else
            register_push(w, p, i->source);
        return true;
    case INSN_POP:
        if (i->reg == NO_REGISTER)
            depth_move(&p->depth, -8);
        else
            register_pop(w, p, i->reg);
        return true;
    case INSN_LEAVE:
        p->depth = p->frame_depth;
        register_pop(w, p, FP);
        return true;
    default:
        return false;
    }
}

/* Moves and sums that set one of the two registers. */
static void register_step(const struct insn *i, struct place *p)
{
    bool moves = i->kind == INSN_COPY || i->kind == INSN_ADD || i->kind == INSN_STACK_ADDRESS ||
                 i->kind == INSN_STACK_MOVE;
    unsigned to = i->kind == INSN_STACK_MOVE ? (unsigned)SP : i->reg;
    uint64_t value = i->kind == INSN_COPY ? 0 : i->value;
    int32_t from = NOT_KNOWN;
    if (moves && !i->narrow)
        from = i->source == SP || i->kind == INSN_STACK_ADDRESS ? p->depth
               : i->source == FP                                ? p->frame_depth
                                                                : NOT_KNOWN;
    depth_move(&from, (int64_t)(0 - value)); /* also of -2^63, which has no negative */
    if (moves && to == SP)
        p->depth = from;
    else if (i->writes >> SP & 1)
        p->depth = NOT_KNOWN;
    if (moves && to == FP)
        p->frame_depth = from;
    else if (i->writes >> FP & 1 && !(i->memory && i->base == FP && i->moves))
        p->frame_depth = NOT_KNOWN;
}

/* What lies below the stack pointer is nobody's any more. */
static void stack_shrink(const struct walk *w, struct place *p)
{
    for (unsigned n = 0; n < MAX_REGISTERS && p->saved >> n; n++)
        if (p->saved >> n & 1 && w->saved_at[n] > p->depth)
            p->saved &= ~(1u << n);
}

/* What the instruction makes of the registers' values.  Signing the link register leaves the address in it.
 */
static void values_step(struct walk *w, const struct insn *i, struct place *p)
{
    bool signs = LINK_BIT != 0 && i->kind == INSN_OTHER && i->writes == (uint32_t)LINK_BIT && !i->memory &&
                 !i->has_immediate && !(p->saved & LINK_BIT);
    int32_t before = p->depth;
    if (i->kind == INSN_CALL || i->kind == INSN_CALL_INDIRECT) {
        p->kept &= ~i->writes; /* the link register */
        return;
    }
    if (!stack_step(w, i, p)) {
        if (!signs && i->kind != INSN_STORE_PAIR)
            p->kept &= ~i->writes;
        register_step(i, p);
        memory_step(w, i, p);
    }
    if (p->depth != NOT_KNOWN && p->depth < before)
        stack_shrink(w, p);
}

static void place_step(struct walk *w, uint64_t offset)
{
    struct place after = w->places[offset / STEP];
    struct insn i;
    MACHINE_NATIVE.decode(w->bytes + offset, w->size - offset, w->start + offset, &i);
    if (!i.size)
        return;
    values_step(w, &i, &after);
    if (i.kind == INSN_BRANCH || i.kind == INSN_JUMP)
        place_reach(w, i.target, &after);
    if (i.kind == INSN_JUMP_INDIRECT && after.depth > 0) { /* else it leaves the function */
        w->choice = after;
        w->choices = true;
    }
    if (i.kind != INSN_JUMP && i.kind != INSN_JUMP_INDIRECT && i.kind != INSN_RETURN && i.kind != INSN_STOP)
        place_reach(w, w->start + offset + i.size, &after);
    else
        w->places[offset / STEP].ends = i.size;
}

static void places_walk(struct walk *w)
{
    while (w->work_count) {
        uint16_t offset = w->work[--w->work_count];
        w->places[offset / STEP].waiting = false;
        place_step(w, offset);
    }
}

/* Code that no jump leads to, behind an instruction that nothing follows, is taken for a target of the jump
 * through a table. */
static void choices_walk(struct walk *w)
{
    for (size_t offset = 0; offset < w->size && w->choices; offset += STEP) {
        uint64_t behind = offset + w->places[offset / STEP].ends;
        if (behind == offset || behind >= w->size || w->places[behind / STEP].seen)
            continue;
        place_reach(w, w->start + behind, &w->choice);
        places_walk(w);
    }
}

/* Reads the function's code.  Where its size isn't known there may be less of it than is asked for, near the
 * segment's end.  false: it can't be read. */
static bool function_bytes(struct walk *w, const struct module *m, uint64_t size)
{
    w->size = !size ? UNKNOWN_SIZE : size < MOST_BYTES ? size : MOST_BYTES;
    if (!(w->bytes = malloc(w->size)))
        return false;
    bool read = module_bytes(m, w->start, w->bytes, w->size);
    while (!read && !size && w->size > 16) {
        w->size /= 2;
        read = module_bytes(m, w->start, w->bytes, w->size);
    }
    return read;
}

static int32_t distance(int32_t from_origin, int32_t slot)
{
    return from_origin == NOT_KNOWN ? NOT_KNOWN : from_origin - slot;
}

/* Distances from the origin become such from the return address. */
static void layout_take(const struct walk *w, const struct place *p, struct frame_layout *out)
{
    bool on_stack = LINK_BIT == 0 || p->saved & LINK_BIT;
    int32_t slot = LINK_BIT != 0 && on_stack ? w->saved_at[LINK] : 0;
    *out = (struct frame_layout){.saved = p->saved & ~(uint32_t)LINK_BIT};
    out->changed = ((uint32_t)PRESERVED & ~(p->saved | p->kept)) | LINK_BIT;
    out->depth = distance(p->depth, slot);
    out->frame_depth = distance(p->frame_depth, slot);
    out->by_stack = p->seen && on_stack && out->depth >= 0;
    out->by_frame_pointer = p->seen && on_stack && out->frame_depth >= 0;
    out->by_link = p->seen && !on_stack && p->kept & LINK_BIT && p->depth >= 0;
    out->above = out->by_link ? p->depth : slot + RETURN_SIZE;
    for (size_t n = 0; n < MAX_REGISTERS; n++)
        out->saved_at[n] = w->saved_at[n] - slot;
}

bool frame_layout_read(const struct module *m, uint64_t start, uint64_t size, uint64_t at,
                       struct frame_layout *out)
{
    struct walk w = {.start = start};
    bool read = function_bytes(&w, m, size) && at - start <= w.size && (at - start) % STEP == 0;
    if (read) {
        w.places = calloc(w.size / STEP + 1, sizeof(*w.places));
        w.work = calloc(w.size / STEP + 1, sizeof(*w.work));
        read = w.places && w.work;
    }
    if (read) {
        place_reach(&w, start, &(struct place){.frame_depth = NOT_KNOWN, .kept = (uint32_t)PRESERVED});
        places_walk(&w);
        choices_walk(&w);
        layout_take(&w, &w.places[(at - start) / STEP], out);
    }
    free(w.bytes);
    free(w.places);
    free(w.work);
    return read && (out->by_stack || out->by_frame_pointer || out->by_link);
}
