/* See frame_layout.h.  x86-64: an account of what moves the stack pointer and the frame pointer.  aarch64:
 * the frame pointer only, which compilers set up there unless told not to. */
#include "probes/stacks/frame_layout.h"

#include "probes/code/insn.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
enum {
    MOST_BYTES = 1 << 14,   /* of one function: more are not read */
    UNKNOWN_SIZE = 1 << 12, /* bytes that are read of one whose size isn't known */
    SP = 4,
    FP = 5,
    PRESERVED = 1 << 3 | 1 << FP | 0xf000, /* rbx, rbp, r12 to r15 */
    NOT_KNOWN = INT32_MIN,
    FAR = 1 << 28, /* bytes: no frame is so large */
};

/* What is known before one instruction. */
struct place {
    int32_t depth,
        frame_depth; /* bytes from the stack pointer and the frame pointer up to the return address */
    uint16_t saved;  /* bit n: register n lies at walk.saved_at[n] */
    uint8_t ends;    /* the instruction's size in bytes, where nothing follows it */
    bool seen;       /* a way leads here */
    bool waiting;    /* in walk.work */
};

struct walk {
    uint8_t *bytes;
    size_t size;
    uint64_t start;
    struct place *places; /* one a byte, and one for what lies behind the last */
    uint16_t *work;       /* offsets of places that have changed */
    size_t work_count;
    int32_t saved_at[16]; /* bytes below the return address */
    struct place
        choice; /* what the targets of a jump through a table begin with, where there is one (choices) */
    bool choices;
};

/* Control may reach the address with what *p tells: what is known there is what all ways to it agree on. */
static void place_reach(struct walk *w, uint64_t address, const struct place *p)
{
    uint64_t offset = address - w->start;
    if (offset > w->size)
        return;
    struct place *to = &w->places[offset];
    bool changed = !to->seen;
    if (!to->seen) {
        *to = *p;
        to->waiting = false;
        to->ends = 0;
    } else {
        changed |= to->depth != NOT_KNOWN && to->depth != p->depth;
        changed |= to->frame_depth != NOT_KNOWN && to->frame_depth != p->frame_depth;
        changed |= (to->saved & p->saved) != to->saved;
        if (to->depth != p->depth)
            to->depth = NOT_KNOWN;
        if (to->frame_depth != p->frame_depth)
            to->frame_depth = NOT_KNOWN;
        to->saved &= p->saved;
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

/* The first push of a register that callers need preserved saves it. */
static void register_push(struct walk *w, struct place *p, unsigned number)
{
    depth_move(&p->depth, 8);
    if (!(PRESERVED >> number & 1) || p->saved >> number & 1 || p->depth == NOT_KNOWN)
        return;
    if (w->saved_at[number] && w->saved_at[number] != p->depth)
        return; /* another way has saved it elsewhere */
    w->saved_at[number] = p->depth;
    p->saved |= (uint16_t)(1u << number);
}

static void register_pop(struct place *p, unsigned number)
{
    depth_move(&p->depth, -8);
    if (number == SP)
        p->depth = NOT_KNOWN;
    if (number == FP)
        p->frame_depth = NOT_KNOWN;
    p->saved &= (uint16_t) ~(1u << number);
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
            register_pop(p, i->reg);
        return true;
    case INSN_LEAVE:
        p->depth = p->frame_depth;
        register_pop(p, FP);
        return true;
    default:
        return false;
    }
}

/* Moves and sums that set one of the two registers. */
static void register_step(const struct insn *i, struct place *p)
{
    bool moves = i->kind == INSN_COPY || i->kind == INSN_ADD;
    int64_t value = i->kind == INSN_ADD ? (int64_t)i->value : 0;
    int32_t from = !moves || i->narrow ? NOT_KNOWN : i->source == SP ? p->depth : NOT_KNOWN;
    if (moves && !i->narrow && i->source == FP)
        from = p->frame_depth;
    depth_move(&from, -value);
    if (moves && i->reg == SP)
        p->depth = from;
    else if (i->writes >> SP & 1)
        p->depth = NOT_KNOWN;
    if (moves && i->reg == FP)
        p->frame_depth = from;
    else if (i->writes >> FP & 1)
        p->frame_depth = NOT_KNOWN;
}

static void place_step(struct walk *w, uint64_t offset)
{
    struct place after = w->places[offset];
    struct insn i;
    machine_x86.decode(w->bytes + offset, w->size - offset, w->start + offset, &i);
    if (!i.size)
        return;
    if (i.kind != INSN_CALL && i.kind != INSN_CALL_INDIRECT && !stack_step(w, &i, &after))
        register_step(&i, &after);
    if (i.kind == INSN_BRANCH || i.kind == INSN_JUMP)
        place_reach(w, i.target, &after);
    if (i.kind == INSN_JUMP_INDIRECT && after.depth > 0) { /* else it leaves the function */
        w->choice = after;
        w->choices = true;
    }
    if (i.kind != INSN_JUMP && i.kind != INSN_JUMP_INDIRECT && i.kind != INSN_RETURN && i.kind != INSN_STOP)
        place_reach(w, w->start + offset + i.size, &after);
    else
        w->places[offset].ends = i.size;
}

static void places_walk(struct walk *w)
{
    while (w->work_count) {
        uint16_t offset = w->work[--w->work_count];
        w->places[offset].waiting = false;
        place_step(w, offset);
    }
}

/* Code that no jump leads to, behind an instruction that nothing follows, is taken for a target of the jump
 * through a table. */
static void choices_walk(struct walk *w)
{
    for (size_t offset = 0; offset < w->size && w->choices; offset++) {
        uint64_t behind = offset + w->places[offset].ends;
        if (behind == offset || behind >= w->size || w->places[behind].seen)
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

static void layout_take(const struct walk *w, const struct place *p, struct frame_layout *out)
{
    *out = (struct frame_layout){.depth = p->depth, .frame_depth = p->frame_depth, .saved = p->saved};
    if (!p->seen)
        out->depth = out->frame_depth = NOT_KNOWN;
    out->by_stack = out->depth != NOT_KNOWN && out->depth >= 0;
    out->by_frame_pointer = out->frame_depth != NOT_KNOWN && out->frame_depth >= 0;
    memcpy(out->saved_at, w->saved_at, sizeof(out->saved_at));
}

bool frame_layout_read(const struct module *m, uint64_t start, uint64_t size, uint64_t at,
                       struct frame_layout *out)
{
    struct walk w = {.start = start};
    bool read = function_bytes(&w, m, size) && at - start <= w.size;
    if (read) {
        w.places = calloc(w.size + 1, sizeof(*w.places));
        w.work = calloc(w.size + 1, sizeof(*w.work));
        read = w.places && w.work;
    }
    if (read) {
        place_reach(&w, start, &(struct place){.frame_depth = NOT_KNOWN});
        places_walk(&w);
        choices_walk(&w);
        layout_take(&w, &w.places[at - start], out);
    }
    free(w.bytes);
    free(w.places);
    free(w.work);
    return read && (out->by_stack || out->by_frame_pointer);
}
#else
enum { SP = 31, FP = 29, LR = 30, INSTRUCTIONS = 8 };

/* The frame pointer and the link register are stored as a pair, then the frame pointer is set to where: the
 * return address is the second of the pair. */
bool frame_layout_read(const struct module *m, uint64_t start, uint64_t size, uint64_t at,
                       struct frame_layout *out)
{
    uint8_t bytes[4 * INSTRUCTIONS];
    bool stored = false;
    (void)size;
    if (!module_bytes(m, start, bytes, sizeof(bytes)))
        return false;
    for (size_t offset = 0; offset < sizeof(bytes) && start + offset < at; offset += 4) {
        struct insn i;
        machine_arm64.decode(bytes + offset, sizeof(bytes) - offset, start + offset, &i);
        stored |= i.kind == INSN_STORE_PAIR && i.reg == FP && i.source == LR && i.base == SP;
        if (i.kind != INSN_STACK_ADDRESS || i.reg != FP)
            continue;
        *out = (struct frame_layout){.by_frame_pointer = stored, .frame_depth = 8};
        return stored;
    }
    return false;
}
#endif
