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

/* Whether an instruction of the piece jumps to `target`, which lies in another function.  The piece has to
 * begin with an instruction. */
bool code_piece_jumps_to(const struct code_piece *p, uint64_t target);

/* Whether the piece puts the address `target` into a register, in one step or in several.  It has to begin
 * with an instruction. */
bool code_piece_refers(const struct code_piece *p, uint64_t target);

#endif
