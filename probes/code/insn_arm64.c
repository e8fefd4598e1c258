/* See insn.h.  aarch64: all instructions have four bytes.  Encodings: Arm Architecture Reference Manual (DDI
 * 0487), chapter C4.  Register 31 is zero or the stack pointer, by instruction, and is never followed. */
#include "probes/code/insn.h"

#include <string.h>

enum { ZERO = 31, LINK = 30 };
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

/* Returns the mask that the instruction holds, as DecodeBitMasks() of the manual tells: a run of ones,
 * rotated and repeated.  0: it holds none. */
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
        out->relative = true;
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

/* What hints, moves from system registers and the like write.  A hint is a nop to older machines; some sign
 * an address or strip its signature, one asks for features. */
static uint32_t system_written(uint32_t word)
{
    unsigned hint = (unsigned)field(word, 5, 7);
    if ((word & 0xfffff01f) != 0xd503201f)
        return (word & 0xffe00000) == 0xd5200000 ? BIT(word & 31) : 0; /* mrs, sysl */
    if (hint == 7 || (hint >= 24 && hint < 32))
        return BIT(LINK); /* xpaclri; paciaz to autibsp */
    if (hint == 40)
        return BIT(16);                                         /* chkfeat */
    return hint >= 8 && hint < 16 && !(hint & 1) ? BIT(17) : 0; /* pacia1716 and its kin */
}

static void decode_branch(uint32_t word, uint64_t address, struct insn *out)
{
    uint64_t near = address + (field_signed(word, 5, 19) << 2);
    if ((word & 0x7c000000) == 0x14000000) {
        out->kind = word >> 31 ? INSN_CALL : INSN_JUMP;
        out->writes = word >> 31 ? BIT(LINK) : 0;
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
        out->writes = operation == 1 ? BIT(LINK) : 0;
    } else if ((word & 0xffe0001f) == 0xd4000001) {
        out->kind = INSN_SYSCALL;
        out->writes = BIT(0);
    } else if ((word & 0xff000000) == 0xd4000000) {
        out->kind = INSN_STOP; /* brk and its like */
        out->crash = true;
    } else {
        out->writes = system_written(word);
    }
}

/* Exclusive, acquire, release, compare and swap. */
static uint32_t exclusive_written(uint32_t word)
{
    uint8_t rt = word & 31, rs = word >> 16 & 31, rt2 = word >> 10 & 31;
    bool load = word >> 22 & 1, swaps = word >> 21 & 1;
    if (swaps && word >> 23 & 1) /* cas */
        return BIT(rs);
    if (swaps && !(word >> 31)) /* casp */
        return BIT(rs) | BIT((rs + 1) & 31);
    return load ? BIT(rt) | BIT(rt2) : BIT(rs);
}

/* Of a general register: str and ldr with an index or a moving base, atomic operations, sttr and ldtr. */
static uint32_t indexed_written(uint32_t word)
{
    uint8_t rt = word & 31, rn = word >> 5 & 31, rs = word >> 16 & 31;
    unsigned size = word >> 30, operation = (unsigned)field(word, 22, 2), how = (unsigned)field(word, 10, 2);
    bool loads = operation && !(size == 3 && operation == 2); /* that is prfm */
    uint32_t loaded = loads ? BIT(rt) : 0;
    if (!(word >> 21 & 1)) /* how: unscaled, post-indexed, unprivileged, pre-indexed */
        return loaded | (how & 1 ? BIT(rn) : 0);
    if (how == 2)
        return loaded;
    if (how & 1) /* ldraa, ldrab */
        return BIT(rt) | (how & 2 ? BIT(rn) : 0);
    if ((word & 0xfffffc00) == 0xf83fd000) /* ld64b */
        return 0xffu << rt;
    return BIT(rt) | ((word & 0xffe0e800) == 0xf820a000 ? BIT(rs) : 0); /* st64bv */
}

static uint32_t memory_written(uint32_t word)
{
    uint8_t rt = word & 31, rn = word >> 5 & 31, rs = word >> 16 & 31, rt2 = word >> 10 & 31;
    bool vector = word >> 26 & 1, load = word >> 22 & 1;
    unsigned size = word >> 30, operation = (unsigned)field(word, 22, 2);
    if ((word & 0x3f000000) == 0x08000000)
        return exclusive_written(word);
    if ((word & 0x3b000000) == 0x18000000) /* of a constant beside the code */
        return vector || size == 3 ? 0 : BIT(rt);
    if ((word & 0x3b000000) == 0x39000000) /* [base, #constant] */
        return vector || !operation || (size == 3 && operation == 2) ? 0 : BIT(rt);
    if ((word & 0x3a000000) == 0x28000000) /* pairs; bit 23: the base is moved too */
        return (load && !vector ? BIT(rt) | BIT(rt2) : 0) | (word >> 23 & 1 ? BIT(rn) : 0);
    if ((word & 0x3b200c00) == 0x19000400) /* copies and fills of memory, bit 26 or not */
        return BIT(rt) | BIT(rn) | BIT(rs);
    if (vector)
        return BIT(rn); /* it may be moved */
    return (word & 0x3b000000) == 0x38000000 ? indexed_written(word) : BIT(rt) | BIT(rn);
}

static uint32_t word_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

enum {
    EXCLUSIVE_REACH = 6
}; /* instructions from an exclusive load to the store, addresses computed anew included */

/* Returns what is done to the word of the exclusive load with which `bytes` begin: by what the register that
 * is stored got its value, up to the store; a branch before that, as in a comparison, makes it another. */
static uint8_t exclusive_kind(const uint8_t *bytes, size_t size)
{
    uint32_t words[EXCLUSIVE_REACH] = {0};
    size_t store = 0;
    for (size_t i = 1; i < EXCLUSIVE_REACH && 4 * i + 4 <= size && !store; i++) {
        words[i] = word_at(bytes + 4 * i);
        if (field(words[i], 26, 3) == 5) /* branches */
            return ATOMIC_OTHER;
        if ((words[i] & 0x3fe00000) == 0x08000000)
            store = i;
    }
    for (size_t i = store; i-- > 1;) {
        if ((words[i] & 31) != (words[store] & 31))
            continue;
        /* and, orr of two registers as they are */
        uint32_t operation = words[i] & 0x7fe0fc00;
        return operation == 0x0a000000 ? ATOMIC_AND : operation == 0x2a000000 ? ATOMIC_OR : ATOMIC_OTHER;
    }
    return store ? ATOMIC_SWAP : ATOMIC_OTHER;
}

/* Pairs: the base may be moved before the access or after it. */
static void decode_pair(uint32_t word, struct insn *out)
{
    bool vector = word >> 26 & 1, load = word >> 22 & 1, moves = word >> 23 & 1, before = word >> 24 & 1;
    unsigned operation = word >> 30;
    unsigned scale = vector ? 2 + operation : operation == 2 ? 3 : operation == 1 && !load ? 4 : 2;
    int64_t distance = (int64_t)field_signed(word, 15, 7) * (1 << scale);
    out->displacement = moves && !before ? 0 : (uint64_t)distance;
    out->moves = (int16_t)(moves ? distance : 0);
    if (vector || operation != 2)
        return;
    out->kind = load ? INSN_LOAD_PAIR : INSN_STORE_PAIR;
    out->reg = word & 31;
    out->source = word >> 10 & 31;
}

/* str and ldr with a constant, whose base may be moved before the access (how: 3) or after it (1). */
static void decode_single(uint32_t word, uint64_t displacement, unsigned how, struct insn *out)
{
    bool vector = word >> 26 & 1;
    unsigned operation = (unsigned)field(word, 22, 2);
    out->indexed = how & 1;
    out->displacement = how == 1 ? 0 : displacement;
    out->moves = (int16_t)(how & 1 ? (int64_t)displacement : 0);
    out->store = !operation && !vector;
    out->load = operation == 1 && !vector && out->wide;
    if (out->store)
        out->source = word & 31;
    if (out->load)
        out->reg = word & 31;
}

/* Loads and stores.  The address of their operand is told where it is a base and a constant. */
static void decode_memory(const uint8_t *bytes, size_t size_left, uint64_t address, struct insn *out)
{
    uint32_t word = word_at(bytes);
    unsigned size = word >> 30;
    out->memory = true;
    out->base = word >> 5 & 31;
    out->indexed = true; /* until shown to be plain */
    out->wide = size == 3;
    out->writes = memory_written(word);
    if ((word & 0x3f000000) == 0x08000000) { /* exclusive, acquire, release */
        out->indexed = false;
        bool exclusive = (word & 0x00e00000) == 0x00400000; /* ldxr, ldaxr */
        out->atomic = exclusive ? exclusive_kind(bytes, size_left) : ATOMIC_OTHER;
    } else if ((word & 0x3b000000) == 0x18000000) { /* of a constant beside the code */
        out->base = NO_REGISTER;
        out->indexed = false;
        out->displacement = address + (field_signed(word, 5, 19) << 2);
    } else if ((word & 0x3b000000) == 0x39000000) {     /* [base, #constant] */
        bool whole = (word & 0x04800000) == 0x04800000; /* a vector's 16 bytes */
        decode_single(word, field(word, 10, 12) << (whole ? 4 : size), 0, out);
    } else if ((word & 0x3b200000) == 0x38000000) { /* unscaled, and with a moving base */
        unsigned how = (unsigned)field(word, 10, 2);
        if (how != 2) /* sttr, ldtr */
            decode_single(word, field_signed(word, 12, 9), how, out);
    } else if ((word & 0x3a000000) == 0x28000000) {
        decode_pair(word, out);
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

/* Whether an instruction that is no sum of a constant sets the stack pointer: logic with a mask, sums of
 * registers, of vectors' lengths.  31 is the stack pointer there. */
static bool sets_stack_pointer(uint32_t word)
{
    bool mask = (word & 0x1f800000) == 0x12000000 && (word >> 29 & 3) != 3;
    return (word & 31) == ZERO &&
           (mask || (word & 0x3fe00000) == 0x0b200000 || (word & 0xffa0f000) == 0x04205000);
}

/* What sums with the stack pointer are: *out is INSN_ADD, of 31. */
static void stack_sum(uint32_t word, struct insn *out)
{
    bool flags = word >> 29 & 1; /* 31 is zero there, as a result */
    out->kind = INSN_OTHER;
    if (!flags && out->reg == ZERO) {
        out->kind = INSN_STACK_MOVE;
        out->reg = NO_REGISTER;
    } else if ((word & 0xffc003e0) == 0x910003e0) {
        out->kind = INSN_STACK_ADDRESS;
    }
}

static void decode(const uint8_t *bytes, size_t size, uint64_t address, struct insn *out)
{
    uint32_t word;
    *out = (struct insn){.reg = NO_REGISTER, .source = NO_REGISTER, .base = NO_REGISTER};
    if (size < sizeof(word) || address & 3)
        return;
    word = word_at(bytes);
    unsigned group = (unsigned)field(word, 25, 4);
    if (group == 0 && !(word >> 31)) {
        if (word >> 16) /* but udf */
            return;
        out->kind = INSN_STOP;
        out->crash = true;
    } else if (group >> 1 == 4) {
        decode_immediate(word, address, out);
    } else if (group >> 1 == 5) {
        decode_branch(word, address, out);
    } else if ((group & 5) == 4) {
        decode_memory(bytes, size, address, out);
    } else if ((group & 7) == 5) {
        decode_registers(word, out);
    } else {
        out->writes = BIT(word & 31); /* vectors and matrices; some of them write to a plain register */
    }
    if (out->kind == INSN_ADD && (out->reg == ZERO || out->source == ZERO))
        stack_sum(word, out);
    else if (sets_stack_pointer(word))
        out->kind = INSN_STACK_MOVE; /* of no source */
    out->size = sizeof(word);
}

const struct machine machine_arm64 = {
    .decode = decode,
    .step = 4,
    .call_bytes = 4,
    .call_changes = 0x4007ffff, /* x0 to x18, x30 */
    .stub_changes = 1u << 16 | 1u << 17,
    .arguments = {0, 1, 2, 3, 4, 5},
    .syscall_number = 8,
    .syscall_arguments = {0, 1, 2, 3, 4, 5},
    .halves = true,
    .nr_futex = 98,
    .nr_mmap = 222,
    .nr_munmap = 215,
    .nr_brk = 214,
    .nr_madvise = 233,
};
