/* See insn_x86_private.h.  Intel SDM vol. 2, chapters 3 to 6: what stands under "Operation". */
#include "probes/code/insn_x86_private.h"

#include <string.h>

enum { ANY = 0xffff };

/* Without REX, the numbers 4 to 7 of a byte are the second bytes (ah, ch, dh, bh) of registers 0 to 3. */
static uint32_t byte_register(const struct cut *c, uint8_t number)
{
    return BIT(!c->rex && number >= 4 && number < 8 ? number - 4 : number);
}

static bool is_byte(const struct cut *c)
{
    if (c->map == MAP_ONE)
        return c->form == 'b' || (strchr("EGBITQ", c->form) && !(c->opcode & 1) && c->opcode != 0x8c);
    return c->map == MAP_0F && (c->opcode >> 4 == 9 || c->opcode == 0xb0 || c->opcode == 0xc0);
}

static uint32_t register_written(const struct cut *c, uint8_t number)
{
    return is_byte(c) ? byte_register(c, number) : BIT(number);
}

/* The register in ModRM's r/m; 0: it is memory. */
static uint32_t rm_written(const struct cut *c)
{
    return c->has_modrm && c->mod == 3 ? register_written(c, c->rm) : 0;
}

static uint32_t reg_written(const struct cut *c)
{
    return c->has_modrm ? register_written(c, c->reg) : 0;
}

/* A string is walked along by rsi and rdi, and counted down by rcx where it is repeated. */
static uint32_t string_written(const struct cut *c)
{
    uint32_t count = c->rep || c->repne ? BIT(CX) : 0;
    switch (c->opcode & 0xfe) {
    case 0x6c: /* ins */
    case 0xaa: /* stos */
    case 0xae: /* scas */
        return count | BIT(DI);
    case 0x6e: /* outs */
        return count | BIT(SI);
    case 0xa4: /* movs */
    case 0xa6: /* cmps */
        return count | BIT(SI) | BIT(DI);
    default: /* lods */
        return count | BIT(AX) | BIT(SI);
    }
}

/* What opcodes of one byte write beside their operands. */
static uint32_t implied_by_one_byte(const struct cut *c)
{
    switch (c->opcode) {
    case 0x68: /* push */
    case 0x6a:
    case 0x8f: /* pop */
    case 0x9c: /* pushf, popf */
    case 0x9d:
    case 0xc2: /* ret, retf, iret */
    case 0xc3:
    case 0xca:
    case 0xcb:
    case 0xcf:
        return BIT(SP);
    case 0xc8: /* enter, leave */
    case 0xc9:
        return BIT(SP) | BIT(BP);
    case 0xcd: /* int 0x80 is a system call, after which r8 to r11 are zero */
        return BIT(AX) | 0xf00;
    case 0xe0: /* loop and its kin */
    case 0xe1:
    case 0xe2:
        return BIT(CX);
    case 0xff:
        return (c->reg & 7) == 6 ? BIT(SP) : 0;
    default:
        return (c->opcode & 0xf0) == 0x50 ? BIT(SP) : 0; /* push, pop */
    }
}

static uint32_t implied_by_two_bytes(const struct cut *c)
{
    switch (c->opcode) {
    case 0x1e: /* rdsspq, else a hint */
        return c->rep && (c->reg & 7) == 1 ? rm_written(c) : 0;
    case 0xa0: /* push and pop of segment registers */
    case 0xa1:
    case 0xa8:
    case 0xa9:
        return BIT(SP);
    case 0x31: /* rdtsc, rdmsr, rdpmc */
    case 0x32:
    case 0x33:
        return BIT(AX) | BIT(DX);
    case 0x34: /* sysenter, sysexit */
    case 0x35:
        return ANY;
    case 0xa2: /* cpuid */
        return BIT(AX) | BIT(BX) | BIT(CX) | BIT(DX);
    default:
        return 0;
    }
}

static uint32_t implied(const struct cut *c)
{
    return c->map == MAP_ONE                ? implied_by_one_byte(c)
           : c->map == MAP_0F && !c->vector ? implied_by_two_bytes(c)
                                            : 0;
}

/* VEX and EVEX: most write vectors. */
static uint32_t vector_written(const struct cut *c)
{
    uint32_t rm = rm_written(c), reg = BIT(c->reg), third = BIT(c->vector_register);
    switch (c->map << 8 | c->opcode) {
    case MAP_0F << 8 | 0x7e: /* vmovd, vmovq */
    case MAP_0F3A << 8 | 0x14:
    case MAP_0F3A << 8 | 0x15:
    case MAP_0F3A << 8 | 0x16:
    case MAP_0F3A << 8 | 0x17: /* vpextrb, vpextrw, vpextrd, vextractps */
        return rm;
    case MAP_0F << 8 | 0x2c: /* vcvtsd2si and its kin, vmovmskps, vcvttss2usi, kmovd, vpextrw, vpmovmskb */
    case MAP_0F << 8 | 0x2d:
    case MAP_0F << 8 | 0x50:
    case MAP_0F << 8 | 0x78:
    case MAP_0F << 8 | 0x79:
    case MAP_0F << 8 | 0x93:
    case MAP_0F << 8 | 0xc5:
    case MAP_0F << 8 | 0xd7:
        return reg;
    case MAP_0F3A << 8 | 0x60: /* vpcmpestrm to vpcmpistri */
    case MAP_0F3A << 8 | 0x61:
    case MAP_0F3A << 8 | 0x62:
    case MAP_0F3A << 8 | 0x63:
        return BIT(CX);
    default:
        if (c->map == MAP_FURTHER)
            return ANY;
        return c->map != MAP_0F && c->opcode >= 0xe0 ? reg | third : 0; /* andn, mulx, rorx... */
    }
}

/* The maps 0F38 and 0F3A without a vector prefix. */
static uint32_t escaped_written(const struct cut *c)
{
    if (c->map == MAP_0F3A && c->opcode >= 0x60 && c->opcode <= 0x63)
        return BIT(CX); /* pcmpestrm to pcmpistri */
    if (c->map == MAP_0F3A && c->opcode >= 0x14 && c->opcode <= 0x17)
        return rm_written(c);                                      /* pextrb, pextrw, pextrd, extractps */
    return c->opcode >= 0xf0 ? rm_written(c) | reg_written(c) : 0; /* movbe, crc32, adcx... */
}

/* Groups whose members differ too much for one letter. */
static uint32_t group_written(const struct cut *c)
{
    bool memory = c->mod != 3;
    if (c->map == MAP_ONE) /* x87's df: fnstsw %ax */
        return !memory && c->reg == 4 ? BIT(AX) : 0;
    if (c->opcode == 0xc7) /* cmpxchg8b, xsavec...; rdrand, rdseed, rdpid */
        return memory ? BIT(AX) | BIT(DX) : rm_written(c);
    return c->opcode <= 0x01 && memory ? 0 : ANY;
}

/* Multiplication and division; not, neg; test writes nothing. */
static uint32_t group3_written(const struct cut *c)
{
    unsigned operation = c->reg & 7;
    if (operation < 2)
        return 0;
    return operation < 4 ? rm_written(c) : BIT(AX) | (is_byte(c) ? 0 : BIT(DX));
}

static uint32_t operands_written(const struct cut *c)
{
    switch (c->form) {
    case 'E':
        return rm_written(c);
    case 'I':
    case 'L': /* cmp writes nothing */
        return c->map == MAP_ONE && c->opcode <= 0x83 && (c->reg & 7) == 7 ? 0 : rm_written(c);
    case 'G':
    case 'k':
    case 'K':
        return reg_written(c);
    case 'B':
    case 'M':
        return c->map == MAP_0F38 || c->map == MAP_0F3A ? escaped_written(c) : rm_written(c) | reg_written(c);
    case 'X':
        return rm_written(c) | BIT(AX);
    case '#':
        return group_written(c);
    case 'T':
        return group3_written(c);
    case 'Q':
        return (c->reg & 7) < 2 ? rm_written(c) : 0;
    case 'a':
    case 'z':
    case 'A':
        return BIT(AX);
    case 'm': /* the second half stores */
        return c->opcode <= 0xa1 ? BIT(AX) : 0;
    case 'D':
        return BIT(DX);
    case 'b':
    case 'v':
    case 'o':
        return register_written(c, (c->opcode & 7) | c->rex_b);
    case 'x':
        return BIT(AX) | BIT((c->opcode & 7) | c->rex_b);
    case '*':
        return string_written(c);
    case 'S':
        return BIT(AX) | BIT(CX) | BIT(11);
    default:
        return 0;
    }
}

uint32_t insn_x86_written(const struct cut *c)
{
    return c->vector ? vector_written(c) : operands_written(c) | implied(c);
}
