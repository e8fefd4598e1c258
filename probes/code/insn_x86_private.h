/* An x86-64 instruction in its parts, as insn_x86.c cuts them and insn_x86_written.c judges them. */
#ifndef HEAPWAIT_INSN_X86_PRIVATE_H
#define HEAPWAIT_INSN_X86_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AX = 0, CX = 1, DX = 2, BX = 3, SP = 4, BP = 5, SI = 6, DI = 7 };
#define BIT(r) (1u << (r))

/* By the prefix or escape that stands before the opcode.  MAP_FURTHER: one of those that came later, of which
 * only the length is known. */
enum insn_x86_map { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A, MAP_FURTHER };

/* The instruction under the knife. */
struct cut {
    const uint8_t *bytes;
    size_t size, at; /* bytes; `at` of them are taken */
    bool failed;
    bool operand16, address32, lock, rep, repne, rex, wide, vector;
    uint8_t rex_r, rex_x, rex_b; /* 0 or 8 */
    uint8_t vector_register;     /* of a vector prefix: VEX.vvvv */
    uint8_t map, opcode, form;   /* enum insn_x86_map; the form is a letter, see insn_x86.c */
    bool has_modrm;
    uint8_t mod, reg, rm;
    bool rip;
};

/* Returns the registers that the instruction writes, the stack pointer and what the opcode implies included:
 * bit n is register n.  Where it isn't sure it names more, never fewer. */
uint32_t insn_x86_written(const struct cut *c);

#endif
