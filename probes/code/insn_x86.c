/* See insn.h.  A length decoder for 64-bit mode, by tables of one letter per opcode (Intel SDM vol. 2,
 * appendix A), and the meaning of the few instructions that load constants, move the stack or change control.
 * Which registers are written stands in insn_x86_written.c. */
#include "probes/code/insn.h"
#include "probes/code/insn_x86_private.h"

#include <string.h>

/* The form of an instruction: what follows its opcode, and which of its operands it writes.
 *
 *   with ModRM:  E  writes r/m       I  L  the same, and imm8 or imm32 follows
 *                G  writes reg       k  K  the same, and imm8 or imm32 follows
 *                B  writes both      M     the same, and imm8 follows
 *                N  writes neither   n     the same, and imm8 follows
 *                X  cmpxchg          T  Q  groups 3 and 5          #  a group that is judged by itself
 *   constants:   a  z  imm8 or imm32, writes rAX      y  t  the same, writes nothing (cmp, test)
 *                j  i  imm8 or imm32, writes nothing
 *                b  v  imm8, or imm32 or imm64, moved to the opcode's register
 *   registers:   o  writes the opcode's               x  exchanges it with rAX
 *                A  D  writes rAX or rDX              *  strings
 *   control:     J  C  conditional jumps of 8 or 32 bits    s  u  c  jmp rel8, jmp rel32, call
 *                w  r  ret with imm16, ret                  h  f  crash, hlt                 S  syscall
 *                H  crash, with ModRM
 *   others:      .  neither operands nor writes             m  rAX and an address of 8 bytes
 *                e  enter                                   p  R  V  prefixes                -  none such
 *
 * What an opcode writes beside its operands stands in insn_x86_written.c. */
static const char one_byte[257] = "EEGGaz--EEGGaz--"
                                  "EEGGaz--EEGGaz--"
                                  "EEGGazp-EEGGazp-"
                                  "EEGGazp-NNNNytp-"
                                  "RRRRRRRRRRRRRRRR"
                                  "........oooooooo"
                                  "--VGppppiKjk****"
                                  "JJJJJJJJJJJJJJJJ"
                                  "IL-INNBBEEGGEGNE"
                                  ".xxxxxxxAD-....A"
                                  "mmmm****yt******"
                                  "bbbbbbbbvvvvvvvv"
                                  "IIwrVVILe.wrhj-r"
                                  "EEEE---ANNNNNNN#"
                                  "JJJJaajjcu-sAA.."
                                  "phppf.TT......EQ";
static const char two_byte[257] = "##GG-S....-h-N.n"
                                  "NNNNNNNNNNNNNNNN"
                                  "####----NNNNGGNN"
                                  "......-.--------"
                                  "GGGGGGGGGGGGGGGG"
                                  "GNNNNNNNNNNNNNNN"
                                  "NNNNNNNNNNNNNNNN"
                                  "nnnnNNN.##--NNEN"
                                  "CCCCCCCCCCCCCCCC"
                                  "EEEEEEEEEEEEEEEE"
                                  "...NIE##...EIEEG"
                                  "XXGEGGGGGHIEGGGG"
                                  "BBnEnkn#oooooooo"
                                  "NNNNNNNGNNNNNNNN"
                                  "NNNNNNNNNNNNNNNN"
                                  "NNNNNNNNNNNNNNNH";

static uint64_t take(struct cut *c, size_t size)
{
    uint64_t value = 0;
    if (c->failed || c->size - c->at < size) {
        c->failed = true;
        return 0;
    }
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)c->bytes[c->at + i] << (8 * i);
    c->at += size;
    return value;
}

static uint64_t take_signed(struct cut *c, size_t size)
{
    uint64_t value = take(c, size), sign = size < 8 ? 1ull << (8 * size - 1) : 0;
    return (value ^ sign) - sign;
}

static void rex_set(struct cut *c, uint8_t byte)
{
    c->rex = byte & 0x40;
    c->wide = byte & 8;
    c->rex_r = byte & 4 ? 8 : 0;
    c->rex_x = byte & 2 ? 8 : 0;
    c->rex_b = byte & 1 ? 8 : 0;
}

/* The maps of VEX (c4), EVEX (62) and XOP (8f), by the number in the prefix. */
static uint8_t vector_map(uint8_t prefix, uint8_t number)
{
    if (prefix != 0x8f && number >= MAP_0F && number <= MAP_0F3A)
        return number;
    return prefix == 0x8f || number > MAP_0F3A ? MAP_FURTHER : MAP_ONE;
}

/* XOP's maps 8 and 10 end with a constant, its map 9 and EVEX's 4 to 6 don't. */
static uint8_t further_form(uint8_t prefix, uint8_t number)
{
    return prefix != 0x8f || number == 9 ? 'B' : number == 8 ? 'M' : 'K';
}

/* The map's number stands in the prefix, the bits of REX inverted. */
static void vector_prefix(struct cut *c, uint8_t byte)
{
    uint8_t first = (uint8_t)take(c, 1), second = first, number = MAP_0F;
    c->vector = true;
    if (byte == 0xc5) {
        rex_set(c, first & 0x80 ? 0 : 4);
    } else {
        second = (uint8_t)take(c, 1);
        rex_set(c, (uint8_t)((~first >> 5 & 7) | (second & 0x80 ? 8 : 0)));
        number = first & (byte == 0x62 ? 7 : 31);
    }
    c->vector_register = ~second >> 3 & 15;
    if (byte == 0x62)
        take(c, 1);
    c->map = vector_map(byte, number);
    c->failed |= c->map == MAP_ONE;
    c->opcode = (uint8_t)take(c, 1);
    c->form = further_form(byte, number);
}

static void opcode_escaped(struct cut *c)
{
    c->map = MAP_0F;
    c->opcode = (uint8_t)take(c, 1);
    if (c->opcode == 0x38 || c->opcode == 0x3a) {
        c->map = c->opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
        c->opcode = (uint8_t)take(c, 1);
    }
}

static uint8_t form_of(const struct cut *c)
{
    switch (c->map) {
    case MAP_ONE:
        return c->opcode == 0x90 && c->rex_b ? 'x' : (uint8_t)one_byte[c->opcode]; /* else it is nop */
    case MAP_0F38:
        return 'B';
    case MAP_0F3A:
        return 'M';
    case MAP_FURTHER:
        return c->form;
    default:
        break;
    }
    uint8_t form = (uint8_t)two_byte[c->opcode];
    return c->vector && c->opcode != 0x77 && form != 'n' && form != 'k' ? 'B' : form;
}

/* pop m has a zero where XOP has the number of its map, which begins at 8. */
static bool is_xop(const struct cut *c)
{
    return c->size - c->at >= 1 && c->bytes[c->at] & 0x38 && (c->bytes[c->at] & 31) >= 8;
}

/* A jump or call of an address in the instruction, with 66 before it: Intel's processors make nothing of
 * that, AMD's read 16 bits of address and jump within the first 64 KiB (SDM vol. 2, table A-1: f64; APM vol.
 * 3, 1.2.2).  Compilers write none, and what it does can't be told. */
static bool makers_differ(const struct cut *c)
{
    return c->operand16 && strchr("JCsuc", c->form);
}

static void opcode_take(struct cut *c)
{
    uint8_t byte = (uint8_t)take(c, 1);
    while (!c->failed && (one_byte[byte] == 'p' || one_byte[byte] == 'R')) {
        rex_set(c, one_byte[byte] == 'R' ? byte : 0); /* REX counts only right before the opcode */
        c->operand16 |= byte == 0x66;
        c->address32 |= byte == 0x67;
        c->lock |= byte == 0xf0;
        c->rep |= byte == 0xf3;
        c->repne |= byte == 0xf2;
        byte = (uint8_t)take(c, 1);
    }
    c->opcode = byte;
    if (one_byte[byte] == 'V' || (byte == 0x8f && is_xop(c)))
        vector_prefix(c, byte);
    else if (byte == 0x0f)
        opcode_escaped(c);
    c->operand16 &= !c->wide;
    c->form = form_of(c);
    if (c->form == 'p' || c->form == '-' || c->form == 'R' || c->form == 'V' || makers_differ(c))
        c->failed = true;
}

static void operand_take(struct cut *c, struct insn *out)
{
    uint8_t modrm = (uint8_t)take(c, 1);
    c->has_modrm = true;
    c->mod = modrm >> 6;
    c->reg = (modrm >> 3 & 7) | c->rex_r;
    c->rm = (modrm & 7) | c->rex_b;
    if (c->mod == 3)
        return;
    out->memory = true;
    out->base = c->rm;
    uint8_t base = modrm & 7;
    if (base == 4) {
        uint8_t sib = (uint8_t)take(c, 1);
        base = sib & 7;
        out->base = base | c->rex_b;
        out->indexed = ((sib >> 3 & 7) | c->rex_x) != 4;
        if (base == 5 && c->mod == 0)
            out->base = NO_REGISTER;
    } else if (base == 5 && c->mod == 0) {
        out->base = NO_REGISTER;
        c->rip = true;
    }
    if (c->mod == 1)
        out->displacement = take_signed(c, 1);
    else if (c->mod == 2 || out->base == NO_REGISTER)
        out->displacement = take_signed(c, 4);
}

static bool form_has_modrm(uint8_t form)
{
    return form && strchr("EGBNILkKn#XTQMH", form);
}

/* The bytes of the constant that ends the instruction; -1: there is none. */
static int immediate_size(const struct cut *c)
{
    int full = c->operand16 ? 2 : 4;
    switch (c->form) {
    case 'I':
    case 'k':
    case 'n':
    case 'M':
    case 'a':
    case 'y':
    case 'j':
    case 'b':
    case 'J':
    case 's':
        return 1;
    case 'L':
    case 'K':
    case 'z':
    case 't':
    case 'i':
        return full;
    case 'v':
        return c->wide ? 8 : full;
    case 'w':
        return 2;
    case 'e':
        return 3;
    case 'm':
        return c->address32 ? 4 : 8;
    case 'C':
    case 'u':
    case 'c':
        return 4;
    case 'T':
        return (c->reg & 7) > 1 ? -1 : c->opcode == 0xf6 ? 1 : full;
    default:
        return -1;
    }
}

static void set(struct insn *out, uint8_t reg, uint64_t value, bool narrow)
{
    out->kind = INSN_SET;
    out->reg = reg;
    out->value = narrow ? (uint32_t)value : value;
    out->narrow = narrow;
}

static void add(struct insn *out, uint8_t reg, uint8_t source, uint64_t value, bool narrow)
{
    out->kind = value ? INSN_ADD : INSN_COPY;
    out->reg = reg;
    out->source = source;
    out->value = value;
    out->narrow = narrow;
}

/* Arithmetic with a constant: add and sub, or with all ones, inc and dec. */
static void meaning_group(const struct cut *c, struct insn *out)
{
    unsigned operation = c->reg & 7;
    uint64_t value = out->immediate;
    if (c->mod != 3)
        return;
    if (c->form == 'Q' && operation < 2)
        add(out, c->rm, c->rm, operation ? UINT64_MAX : 1, !c->wide);
    else if (c->form == 'Q' || (c->opcode != 0x81 && c->opcode != 0x83))
        return;
    else if (operation == 0 || operation == 5)
        add(out, c->rm, c->rm, operation ? -value : value, !c->wide);
    else if (operation == 1 && value == UINT64_MAX)
        set(out, c->rm, value, !c->wide);
}

/* The instructions of the one-byte map that move constants and addresses. */
static void meaning_move(const struct cut *c, struct insn *out)
{
    bool narrow = !c->wide;
    if (c->operand16)
        return;
    switch (c->opcode) {
    case 0x8d:
        out->relative = c->rip;
        if (out->base == NO_REGISTER && !out->indexed && out->memory)
            set(out, c->reg, out->displacement, narrow);
        else if (out->memory && !out->indexed)
            add(out, c->reg, out->base, out->displacement, narrow);
        break;
    case 0x89:
        out->store = c->mod != 3;
        if (out->store)
            out->source = c->reg;
        else
            add(out, c->rm, c->reg, 0, narrow);
        break;
    case 0x8b:
        out->load = c->mod != 3;
        if (out->load)
            out->reg = c->reg;
        else
            add(out, c->reg, c->rm, 0, narrow);
        break;
    case 0x29:
    case 0x2b:
    case 0x31:
    case 0x33:
        if (c->mod == 3 && c->reg == c->rm)
            set(out, c->reg, 0, narrow);
        break;
    case 0xc7:
        if (c->mod == 3 && (c->reg & 7) == 0)
            set(out, c->rm, out->immediate, narrow);
        break;
    case 0x81:
    case 0x83:
    case 0xff:
        meaning_group(c, out);
        break;
    default:
        if (c->form == 'v')
            set(out, (c->opcode & 7) | c->rex_b, out->immediate, narrow);
    }
}

/* Eight bytes onto the stack, or off it: from or to a register, where that is NO_REGISTER something else. */
static void stack_move(struct insn *out, uint8_t kind, uint8_t reg)
{
    out->kind = kind;
    *(kind == INSN_PUSH ? &out->source : &out->reg) = reg;
}

static void meaning_stack(const struct cut *c, struct insn *out)
{
    uint8_t number = (c->opcode & 7) | c->rex_b, kind = c->opcode & 8 ? INSN_POP : INSN_PUSH;
    bool memory = c->mod != 3;
    if (c->operand16)
        return;
    if (c->opcode >> 4 == 5)
        stack_move(out, kind, number);
    else if (c->opcode == 0x68 || c->opcode == 0x6a || c->opcode == 0x9c)
        stack_move(out, INSN_PUSH, NO_REGISTER);
    else if (c->opcode == 0x9d)
        stack_move(out, INSN_POP, NO_REGISTER);
    else if (c->opcode == 0x8f)
        stack_move(out, INSN_POP, memory ? NO_REGISTER : c->rm);
    else if (c->opcode == 0xff && (c->reg & 7) == 6)
        stack_move(out, INSN_PUSH, memory ? NO_REGISTER : c->rm);
    else if (c->opcode == 0xc9)
        out->kind = INSN_LEAVE;
}

static void meaning_control(const struct cut *c, struct insn *out, uint64_t next)
{
    out->target = next + out->immediate;
    switch (c->form) {
    case 'c':
        out->kind = INSN_CALL;
        break;
    case 'u':
    case 's':
        out->kind = INSN_JUMP;
        out->far = c->form == 'u';
        break;
    case 'J':
    case 'C':
        out->kind = INSN_BRANCH;
        break;
    case 'w':
    case 'r':
        out->kind = INSN_RETURN;
        break;
    case 'h':
    case 'H': /* ud0, ud1: with operands, which they don't read */
        out->kind = INSN_STOP;
        out->crash = true;
        break;
    case 'f':
        out->crash = true; /* no STOP: in inline assembly the compiler lets the code go on */
        break;
    case 'S':
        out->kind = INSN_SYSCALL;
        break;
    case 'Q':
        if ((c->reg & 6) == 2)
            out->kind = INSN_CALL_INDIRECT;
        else if ((c->reg & 6) == 4)
            out->kind = INSN_JUMP_INDIRECT;
        break;
    default:
        break;
    }
}

static uint8_t atomic_kind(const struct cut *c)
{
    unsigned operation = c->reg & 7;
    if (c->map == MAP_ONE && (c->opcode == 0x86 || c->opcode == 0x87))
        return ATOMIC_SWAP; /* xchg with memory locks without the prefix */
    if (!c->lock)
        return ATOMIC_NONE;
    if (c->map == MAP_ONE && c->opcode == 0x21)
        return ATOMIC_AND;
    if (c->map == MAP_ONE && c->opcode == 0x09)
        return ATOMIC_OR;
    if (c->map == MAP_ONE && (c->opcode == 0x81 || c->opcode == 0x83) && (operation == 1 || operation == 4))
        return operation == 1 ? ATOMIC_OR : ATOMIC_AND;
    return ATOMIC_OTHER;
}

/* push imm8 and pop reg set a register in three bytes where mov needs five.  Compilers that save room write
 * so; it is read as one instruction. */
static void push_pop(struct cut *c, struct insn *out)
{
    size_t rex = c->size - c->at > 1 && c->bytes[c->at] == 0x41;
    if (c->opcode != 0x6a || c->map != MAP_ONE || c->size - c->at < 1 + rex ||
        (c->bytes[c->at + rex] & 0xf8) != 0x58)
        return;
    set(out, (uint8_t)((c->bytes[c->at + rex] & 7) | (rex ? 8 : 0)), out->immediate, false);
    out->writes = BIT(out->reg);
    c->at += 1 + rex;
}

static void decode(const uint8_t *bytes, size_t size, uint64_t address, struct insn *out)
{
    struct cut c = {.bytes = bytes, .size = size < 15 ? size : 15}; /* no instruction is longer */
    *out = (struct insn){.reg = NO_REGISTER, .source = NO_REGISTER, .base = NO_REGISTER};
    opcode_take(&c);
    if (!c.failed && form_has_modrm(c.form))
        operand_take(&c, out);
    int immediate = c.failed ? -1 : immediate_size(&c);
    if (immediate > 0) {
        out->immediate =
            c.form == 'e' || c.form == 'w' ? take(&c, (size_t)immediate) : take_signed(&c, (size_t)immediate);
        out->has_immediate = true;
    }
    if (c.failed)
        return;
    out->writes = insn_x86_written(&c);
    out->wide = c.wide;
    if (c.rip)
        out->displacement += address + c.at;
    if (out->memory)
        out->atomic = atomic_kind(&c);
    if (c.map == MAP_ONE && !c.vector) {
        meaning_move(&c, out);
        meaning_stack(&c, out);
    }
    push_pop(&c, out);
    meaning_control(&c, out, address + c.at);
    out->size = (uint8_t)c.at;
}

const struct machine machine_x86 = {
    .decode = decode,
    .step = 1,
    .call_bytes = 7, /* call *d32(base,index) */
    /* all but rbx, rsp, rbp, r12 to r15 */
    .call_changes = BIT(AX) | BIT(CX) | BIT(DX) | BIT(SI) | BIT(DI) | BIT(8) | BIT(9) | BIT(10) | BIT(11),
    .arguments = {DI, SI, DX, CX, 8, 9},
    .syscall_number = AX,
    .syscall_arguments = {DI, SI, DX, 10, 8, 9},
    .nr_futex = 202,
    .nr_mmap = 9,
    .nr_munmap = 11,
    .nr_brk = 12,
    .nr_madvise = 28,
};
