/* The executable segment of a file without symbols: its bytes, where its functions begin as far as calls
 * tell, who calls them, and a walk through one function that knows which registers hold constants or the
 * function's own arguments at each instruction.  Addresses are the file's own.  What a function returns a
 * pointer to is owned by the code and lives until code_close(). */
#ifndef HEAPWAIT_CODE_H
#define HEAPWAIT_CODE_H

#include "probes/code/insn.h"

struct code;

/* Segments of more bytes than this aren't read.  They are read whole, since a file that shrinks under a
 * mapping would be a SIGBUS. */
enum { CODE_MAX_SEGMENT = 1 << 30 };

/* A call, or a jump that may leave its function: from `site` to `target`, offsets in the segment, in bytes.
 */
struct code_call {
    uint32_t target, site;
};

/* Reads the `size` bytes of a segment that lies at `address`.  Takes the bytes over, which were malloc'd,
 * also when it fails.  Returns NULL where there is no memory, no bytes were given, or they are more than 4
 * GiB. */
struct code *code_open(uint8_t *bytes, size_t size, uint64_t address, const struct machine *machine);

/* Frees it with its bytes.  NULL is fine. */
void code_close(struct code *c);

/* Returns what code_open() was given: the machine, and the size in bytes. */
const struct machine *code_machine(const struct code *c);
size_t code_size(const struct code *c);

/* Whether the address lies in the segment. */
bool code_holds(const struct code *c, uint64_t address);

/* Fills *out with the instruction at the address; out->size is 0 where there is none. */
void code_decode(const struct code *c, uint64_t address, struct insn *out);

/* Returns where system calls are made: *count offsets, ascending. */
const uint32_t *code_syscalls(const struct code *c, size_t *count);

/* Returns the address of what lies `offset` bytes behind the segment's beginning. */
uint64_t code_address(const struct code *c, uint32_t offset);

/* Returns the calls of an address and the jumps to it, *count of them, by where they are made; NULL: none. */
const struct code_call *code_callers(const struct code *c, uint64_t target, size_t *count);

/* Whether a function begins at the address, as far as calls tell. */
bool code_is_entry(const struct code *c, uint64_t address);

/* Returns the nearest address, at this one or before it, where a function begins; 0: none. */
uint64_t code_entry_before(const struct code *c, uint64_t address);

/* What a register holds. */
enum value_kind {
    VALUE_UNKNOWN,
    VALUE_CONSTANT, /* values[register] */
    VALUE_ARGUMENT  /* the function's first argument + values[register]; VALUE_ARGUMENT + n: its n-th, from 0
                     */
};
struct code_state {
    uint64_t values[MAX_REGISTERS];
    uint8_t kinds[MAX_REGISTERS];
};

/* Calls `visit` for each instruction that is reached from `entry` without leaving the function.  `state` is
 * what the registers hold before it on all ways there.  A function of more than MAX_WALK instructions is seen
 * in part. Returns false where there is no memory: then `visit` was not called. */
enum { MAX_WALK = 4096 };
typedef void (*code_visit_fn)(void *context, uint64_t address, const struct insn *insn,
                              const struct code_state *state);
bool code_walk(const struct code *c, uint64_t entry, code_visit_fn visit, void *context);

/* Sets *address to that of the instruction's operand in memory.  Returns false where there is no such operand
 * or its address is no constant; then *address is not to be used. */
bool code_operand(const struct insn *insn, const struct code_state *state, uint64_t *address);

#endif
