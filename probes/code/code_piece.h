/* Questions about a few instructions whose bytes are at hand, asked where no symbol and no walk from a
 * function's beginning is needed: does a call end here, does a function begin by jumping on, where do its
 * jumps lead, whose address does it take.  The bytes are hostile: anything may come, nothing is read past the
 * end. */
#ifndef HEAPWAIT_CODE_PIECE_H
#define HEAPWAIT_CODE_PIECE_H

#include "probes/code/insn.h"

/* The bytes are the caller's. */
struct code_piece {
    const struct machine *machine;
    const uint8_t *bytes;
    size_t size;
    uint64_t address; /* of the first byte */
};

/* Whether the last bytes of the piece are a call that names its target.  *target is set where they are. */
bool code_piece_ends_with_call(const struct code_piece *p, uint64_t *target);

/* Whether the last bytes of the piece are a call through a register or through memory. */
bool code_piece_ends_with_indirect_call(const struct code_piece *p);

/* What a function does that begins with the piece.  CODE_STUB_JUMP: it jumps to *target before it has done
 * anything.  CODE_STUB_INDIRECT: it jumps where the code doesn't tell, having at most loaded the address (an
 * entry of the table through which other modules are called).  *target is set for CODE_STUB_JUMP only. */
enum code_stub { CODE_STUB_NONE, CODE_STUB_JUMP, CODE_STUB_INDIRECT };
enum code_stub code_piece_stub(const struct code_piece *p, uint64_t *target);

/* Finds the places outside of the piece that its jumps and branches lead to, one after the other: where a
 * function goes on in another one (a tail call), if the piece is one function.  The piece has to begin with
 * an instruction.  *at is 0 before the first, and then where the search goes on.  Returns true and sets
 * *target to the next of them; false: there are no more. */
bool code_piece_next_exit(const struct code_piece *p, size_t *at, uint64_t *target);

/* Whether an instruction of the piece jumps where the code doesn't tell.  The piece has to begin with an
 * instruction. */
bool code_piece_jumps_indirectly(const struct code_piece *p);

/* Returns how many of the piece's bytes belong to the function that it begins with, as far as its jumps tell:
 * up to the first instruction that nothing follows and that no jump of the function leads beyond. */
size_t code_piece_function_size(const struct code_piece *p);

/* Whether the function that begins with the piece puts the address `target` into a register, in one step or
 * in several.  It is taken to end where control doesn't go on and none of its jumps led further, and with the
 * piece; one that ends with a call that doesn't return has no such end. */
bool code_piece_refers(const struct code_piece *p, uint64_t target);

#endif
