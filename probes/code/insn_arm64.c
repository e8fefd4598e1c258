/* See insn.h.  aarch64: all instructions have four bytes; encodings from the Arm Architecture Reference
 * Manual (DDI 0487), chapter C4.  Register 31 is zero or the stack pointer, and is never followed. */
#include "probes/code/insn.h"

#include <string.h>

enum { ZERO = 31 };
#define BIT(r) ((r) == ZERO ? 0u : 1u << (r))

static uint64_t field(uint32_t word, unsigned from, unsigned bits)
{
    return word >> from & ((1u << bits) - 1);
}

static uint64_t field_signed(uint32_t word, unsigned from, unsigned bits)
{
    uint64_t value = field(word, from, bits), sign = 1ull << (bits - 1);
    return (value ^ sign) - sign;
}

static uint64_t ones(unsigned count)
{
    return count >= 64 ? UINT64_MAX : (1ull << count) - 1;
}

/* DecodeBitMasks() of the manual: a run of ones, rotated, repeated.  0: not a valid one. */
static uint64_t mask_of(uint32_t word)
{
    unsigned n = (unsigned)field(word, 22, 1), rotation = (unsigned)field(word, 16, 6),
             count = (unsigned)field(word, 10, 6), size = 64;
    unsigned pattern = n << 6 | (~count & 63);
    if (pattern < 2)
        return 0;
    while (!(pattern & size))
        size /= 2;
    rotation &= size - 1;
    count = (count & (size - 1)) + 1;
    if (count == size)
        return 0;
    uint64_t value = ones(count);
    if (rotation)
        value = (value >> rotation | value << (size - rotation)) & ones(size);
    for (; size < 64; size *= 2)
        value |= value << size;
    return value;
}

static void set(struct insn *out, uint8_t reg, uint64_t value, bool narrow)
{
    out->kind = INSN_SET;
    out->reg = reg;
    out->value = narrow ? (uint32_t)value : value;
    out->narrow = narrow;
    out->writes = BIT(reg);
}

/* Addresses and constants: the group "data processing, immediate". */
static void decode_immediate(uint32_t word, uint64_t address, struct insn *out)
{
    uint8_t rd = word & 31, rn = word >> 5 & 31;
    bool narrow = !(word >> 31);
    unsigned group = (unsigned)field(word, 23, 3), operation = (unsigned)field(word, 29, 2);
    out->writes = BIT(rd);
    if (group < 2) { /* adr, adrp */
        uint64_t value = field_signed(word, 5, 19) << 2 | operation;
        set(out, rd, word >> 31 ? (address & ~0xfffull) + (value << 12) : address + value, false);
    } else if (group == 2) { /* add, sub; with flags: cmp */
        uint64_t value = field(word, 10, 12) << (word >> 22 & 1 ? 12 : 0);
        out->has_immediate = true;
        out->immediate = value;
        out->kind = INSN_ADD;
        out->reg = rd;
        out->source = rn;
        out->value = operation & 2 ? -value : value;
        out->narrow = narrow;
    } else if (group == 4) { /* and, orr, eor, ands */
        out->has_immediate = true;
        out->immediate = mask_of(word);
        if (operation == 1 && rn == ZERO)
            set(out, rd, out->immediate, narrow);
    } else if (group == 5 && operation != 1) { /* movn, movz, movk */
        out->shift = (uint8_t)(field(word, 21, 2) * 16);
        uint64_t value = field(word, 5, 16) << out->shift;
        set(out, rd, operation ? value : ~value, narrow);
        if (operation == 3) {
            out->kind = INSN_INSERT;
            out->value = value;
        }
    }
}

static void decode_branch(uint32_t word, uint64_t address, struct insn *out)
{
    uint64_t near = address + (field_signed(word, 5, 19) << 2);
    if ((word & 0x7c000000) == 0x14000000) {
        out->kind = word >> 31 ? INSN_CALL : INSN_JUMP;
        out->far = true;
        out->target = address + (field_signed(word, 0, 26) << 2);
    } else if ((word & 0x7e000000) == 0x34000000 || (word & 0xff000000) == 0x54000000) {
        out->kind = INSN_BRANCH;
        out->target = near;
    } else if ((word & 0x7e000000) == 0x36000000) {
        out->kind = INSN_BRANCH;
        out->target = address + (field_signed(word, 5, 14) << 2);
    } else if ((word & 0xfe000000) == 0xd6000000) {
        unsigned operation = (unsigned)field(word, 21, 4) & 3; /* br, blr, ret, with or without a key */
        out->kind = operation == 0 ? INSN_JUMP_INDIRECT : operation == 1 ? INSN_CALL_INDIRECT : INSN_RETURN;
    } else if ((word & 0xffe0001f) == 0xd4000001) {
        out->kind = INSN_SYSCALL;
        out->writes = BIT(0);
    } else if ((word & 0xff000000) == 0xd4000000) {
        out->kind = INSN_STOP; /* brk and its like */
        out->crash = true;
    } else {
        out->writes = (word & 0xffe00000) == 0xd5200000 ? BIT(word & 31) : 0; /* mrs */
    }
}

/* Loads and stores: which registers change; the address where it is a base and a constant. */
static void decode_memory(uint32_t word, uint64_t address, struct insn *out)
{
    uint8_t rt = word & 31, rn = word >> 5 & 31, rs = word >> 16 & 31, rt2 = word >> 10 & 31;
    bool vector = word >> 26 & 1, load = word >> 22 & 1;
    unsigned size = word >> 30;
    out->memory = true;
    out->base = rn;
    out->indexed = true; /* until shown to be plain */
    out->wide = size == 3;
    out->writes = BIT(rt) | BIT(rt2) | BIT(rn) | BIT(rs);
    if ((word & 0x3f000000) == 0x08000000) { /* exclusive, acquire, release */
        out->indexed = false;
        out->atomic = ATOMIC_OTHER;
        out->writes = load ? BIT(rt) | BIT(rt2) : BIT(rs);
    } else if ((word & 0x3b000000) == 0x18000000) { /* of a constant beside the code */
        out->base = NO_REGISTER;
        out->indexed = false;
        out->displacement = address + (field_signed(word, 5, 19) << 2);
        out->writes = vector ? 0 : BIT(rt);
    } else if ((word & 0x3b000000) == 0x39000000) { /* [base, #constant] */
        bool store = (word >> 22 & 3) == 0;
        out->indexed = false;
        out->displacement = field(word, 10, 12) << size;
        out->store = store && !vector;
        out->writes = vector || store ? 0 : BIT(rt);
    } else if ((word & 0x3b200c00) == 0x38000000) { /* unscaled: str, stur */
        out->indexed = false;
        out->displacement = field_signed(word, 12, 9);
        out->writes = vector || (word >> 22 & 3) == 0 ? 0 : BIT(rt);
    } else if ((word & 0x3a000000) == 0x28000000) { /* pairs; bit 23: the base is moved too */
        out->writes = (load && !vector ? BIT(rt) | BIT(rt2) : 0) | (word >> 23 & 1 ? BIT(rn) : 0);
    }
}

static void decode_registers(uint32_t word, struct insn *out)
{
    uint8_t rd = word & 31, rm = word >> 16 & 31;
    out->writes = BIT(rd);
    if ((word & 0x7fe0ffe0) != 0x2a0003e0) /* mov: orr with the zero register */
        return;
    if (rm == ZERO) {
        set(out, rd, 0, false);
        return;
    }
    out->kind = INSN_COPY;
    out->reg = rd;
    out->source = rm;
    out->narrow = !(word >> 31);
}

static void decode(const uint8_t *bytes, size_t size, uint64_t address, struct insn *out)
{
    uint32_t word;
    *out = (struct insn){.reg = NO_REGISTER, .source = NO_REGISTER, .base = NO_REGISTER};
    if (size < sizeof(word) || address & 3)
        return;
    word = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    unsigned group = (unsigned)field(word, 25, 4);
    if (group == 0) {
        if (word >> 16) /* but udf */
            return;
        out->kind = INSN_STOP;
        out->crash = true;
    } else if (group >> 1 == 4) {
        decode_immediate(word, address, out);
    } else if (group >> 1 == 5) {
        decode_branch(word, address, out);
    } else if ((group & 5) == 4) {
        decode_memory(word, address, out);
    } else if ((group & 7) == 5) {
        decode_registers(word, out);
    } else {
        out->writes = BIT(word & 31); /* vectors; some of them write to a plain register */
    }
    if (out->kind == INSN_ADD && (out->reg == ZERO || out->source == ZERO))
        out->kind = INSN_OTHER; /* cmp, or the stack pointer */
    out->size = sizeof(word);
}

const struct machine machine_arm64 = {
    .decode = decode,
    .step = 4,
    .call_changes = 0x4007ffff, /* x0 to x18, x30 */
    .arguments = {0, 1, 2, 3, 4, 5},
    .syscall_number = 8,
    .syscall_arguments = {0, 1, 2, 3, 4, 5},
    .nr_futex = 98,
    .nr_mmap = 222,
    .nr_munmap = 215,
    .nr_brk = 214,
    .nr_madvise = 233,
};
