/* Where a function has its return address and the registers that it saved, told by its code alone: for code
 * without unwind tables, as in musl.  A walk from the first instruction keeps account of what lies on the
 * stack. Nothing is guessed: where ways meet that disagree, nothing is known. */
#ifndef HEAPWAIT_FRAME_LAYOUT_H
#define HEAPWAIT_FRAME_LAYOUT_H

#include "probes/elf/module.h"

#include <stdbool.h>
#include <stdint.h>

/* What holds before one instruction.  Distances are in bytes. */
struct frame_layout {
    bool by_stack;         /* the return address lies at the stack pointer + depth */
    bool by_frame_pointer; /* it lies at the frame pointer + frame_depth */
    bool by_link;          /* aarch64: it is in the link register, and nowhere else */
    int32_t depth, frame_depth;
    int32_t
        above; /* the caller's stack pointer is the return address' place + above; by_link: the stack pointer
                * + above */
    uint32_t saved; /* bit n: the caller's value of register n, the machine's number, lies on the stack */
    int32_t saved_at[32]; /* register n lies so far below the return address; above it: negative */
    uint32_t changed; /* bit n: the caller's value of register n, which a function has to preserve, may be in
                       * neither place: the register has been written, and where it was saved isn't known */
};

/* Fills *out with what holds before the instruction at `at`, of the function that begins at `start` and has
 * `size` bytes (0: not known).  Returns false where the code doesn't tell: then *out is not to be used. */
bool frame_layout_read(const struct module *m, uint64_t start, uint64_t size, uint64_t at,
                       struct frame_layout *out);

#endif
