/* The executable segment of a file without symbols: its bytes, where its functions begin as far as calls
 * tell, who calls them, and a walk through one function that knows which registers hold constants or the
 * function's own arguments at each instruction. */
#ifndef HEAPWAIT_CODE_H
#define HEAPWAIT_CODE_H

#include "probes/code/insn.h"

struct code;

/* A call, or a jump that may leave its function. */
struct code_call {
    uint32_t target, site; /* offsets in the segment */
};

/* Takes the bytes over (they were malloc'd), also when it fails.  NULL: out of memory. */
struct code *code_open(uint8_t *bytes, size_t size, uint64_t address, const struct machine *machine);
void code_close(struct code *c);

const struct machine *code_machine(const struct code *c);
size_t code_size(const struct code *c);
bool code_holds(const struct code *c, uint64_t address);
void code_decode(const struct code *c, uint64_t address, struct insn *out);

/* Where system calls are made: addresses, ascending. */
const uint32_t *code_syscalls(const struct code *c, size_t *count);
uint64_t code_address(const struct code *c, uint32_t offset);

/* The calls and jumps to an address. */
const struct code_call *code_callers(const struct code *c, uint64_t target, size_t *count);

/* Whether functions begin there, and the nearest such address at or before; 0: none. */
bool code_is_entry(const struct code *c, uint64_t address);
uint64_t code_entry_before(const struct code *c, uint64_t address);

/* What a register holds. */
enum value_kind {
    VALUE_UNKNOWN,
    VALUE_CONSTANT,
    VALUE_ARGUMENT /* and what follows: of the n-th argument */
};
struct code_state {
    uint64_t values[MAX_REGISTERS]; /* the constant; what has been added to the argument */
    uint8_t kinds[MAX_REGISTERS];
};

/* Calls `visit` for each instruction that is reached from `entry` without leaving the function, with what the
 * registers hold before it on all ways there.  A function of more than MAX_WALK instructions is seen in part.
 * false: out of memory. */
enum { MAX_WALK = 4096 };
typedef void (*code_visit_fn)(void *context, uint64_t address, const struct insn *insn,
                              const struct code_state *state);
bool code_walk(const struct code *c, uint64_t entry, code_visit_fn visit, void *context);

/* The address of an instruction's memory operand where it is a constant; else false. */
bool code_operand(const struct insn *insn, const struct code_state *state, uint64_t *address);

#endif
