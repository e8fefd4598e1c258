/* See code_spin.h.  From the instruction on, a branch backwards is looked for whose loop holds the
 * instruction; then the loop is read from its beginning. */
#include "probes/code/code_spin.h"

#include <string.h>

/* Code that is looked at. */
struct view {
    const uint8_t *bytes;
    size_t size;
    uint64_t address;
    const struct machine *machine;
};

static bool decode(const struct view *v, size_t at, struct insn *out)
{
    if (at >= v->size)
        return false;
    v->machine->decode(v->bytes + at, v->size - at, v->address + at, out);
    return out->size > 0;
}

/* Whether the instruction tells the processor that a loop waits. */
static bool is_pause(const struct view *v, size_t at, const struct insn *i)
{
    static const uint32_t hints[] = {0xd503203f, 0xd503205f, 0xd5033fdf}; /* yield, wfe, isb */
    uint32_t word;
    if (v->machine == &machine_x86)
        return i->size == 2 && v->bytes[at] == 0xf3 && v->bytes[at + 1] == 0x90;
    memcpy(&word, v->bytes + at, sizeof(word));
    for (size_t k = 0; k < sizeof(hints) / sizeof(hints[0]); k++)
        if (word == hints[k])
            return true;
    return false;
}

static bool leaves(const struct insn *i)
{
    return i->kind == INSN_CALL || i->kind == INSN_CALL_INDIRECT || i->kind == INSN_JUMP_INDIRECT ||
           i->kind == INSN_RETURN || i->kind == INSN_SYSCALL || i->kind == INSN_STOP ||
           i->kind == INSN_PUSH || i->kind == INSN_POP || i->kind == INSN_LEAVE || i->kind == INSN_STORE_PAIR;
}

/* Whether the operand in memory is a thread's own, as far as its address tells. */
static bool is_own(const struct view *v, const struct insn *i)
{
    enum { X86_SP = 4, X86_FP = 5, ARM_FP = 29, ARM_SP = 31 };
    return v->machine == &machine_x86 ? i->base == X86_SP || i->base == X86_FP
                                      : i->base == ARM_FP || i->base == ARM_SP;
}

/* Whether the loop from `begin` to before `end` waits, and holds an instruction at `at`. */
static bool loop_waits(const struct view *v, size_t begin, size_t end, size_t at)
{
    bool held = false, pauses = false, swaps = false, loads = false, changes = false;
    struct insn i;
    for (size_t p = begin; p < end; p += i.size) {
        held |= p == at;
        if (!decode(v, p, &i) || leaves(&i) || i.store)
            return false;
        pauses |= is_pause(v, p, &i);
        swaps |= i.memory && i.atomic == ATOMIC_SWAP && !is_own(v, &i);
        if (i.memory && i.load && !i.indexed && !is_own(v, &i) &&
            !(i.base < MAX_REGISTERS && i.writes >> i.base & 1))
            loads = true;
        else
            changes |= i.memory || i.writes;
    }
    return held && (pauses || swaps || (loads && !changes));
}

bool code_spin_at(const uint8_t *bytes, size_t size, size_t at, uint64_t address,
                  const struct machine *machine)
{
    const struct view v = {bytes, size, address, machine};
    struct insn i;
    for (size_t p = at; p < size && p - at < SPIN_REACH && decode(&v, p, &i) && !leaves(&i); p += i.size)
        if ((i.kind == INSN_BRANCH || i.kind == INSN_JUMP) && i.target >= address &&
            i.target - address <= at && loop_waits(&v, (size_t)(i.target - address), p + i.size, at))
            return true;
    return false;
}
