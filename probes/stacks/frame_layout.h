/* Where a function has its return address, and the registers that it saved, told by its code alone: a walk
 * from its first instruction that keeps the account of what lies on the stack.  For code without unwind
 * tables, as in musl.  Nothing is guessed: where ways meet that disagree, nothing is known. */
#ifndef HEAPWAIT_FRAME_LAYOUT_H
#define HEAPWAIT_FRAME_LAYOUT_H

#include "probes/elf/module.h"

#include <stdbool.h>
#include <stdint.h>

struct frame_layout {
    bool by_stack;         /* the return address lies at stack pointer + depth */
    bool by_frame_pointer; /* at frame pointer + frame_depth */
    int32_t depth, frame_depth;
    uint32_t saved;       /* bit n: the caller's register n (the machine's number) lies ... */
    int32_t saved_at[16]; /* ... so many bytes below the return address */
};

/* For the function that begins at `start`, of `size` bytes (0: not known), at the instruction `at`.  false:
 * the code doesn't tell, or this machine's is not read. */
bool frame_layout_read(const struct module *m, uint64_t start, uint64_t size, uint64_t at,
                       struct frame_layout *out);

#endif
