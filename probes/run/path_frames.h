/* The call path of a sample, from the stack that was copied when it was taken: frames with names and the
 * classes of code_class.h, whoever took the sample. */
#ifndef HEAPWAIT_PATH_FRAMES_H
#define HEAPWAIT_PATH_FRAMES_H

#include "probes/host/kernel_symbols.h"
#include "probes/measurement/call_tree.h"
#include "probes/names/naming.h"
#include "probes/stacks/unwind.h"

/* The user's part of a sample's stack: the copy, and the words that follow those in it. */
struct copied_stack {
    const struct path_value *value;
    const u64 *more;
    size_t more_count;
};

/* Fills frames[MAX_PATH] with the user's frames, the innermost first, and returns how many they are, at least
 * 1.  `space`: the process's mappings; NULL: not known.  Symbols and modules are borrowed of the naming.
 * What stands between malloc and the innermost frame is the allocator's, by whatever name. */
size_t path_frames_user(struct unwinder *unwinder, struct naming *naming, const struct address_space *space,
                        const struct copied_stack *stack, struct call_frame *frames);

/* Fills frames[] with the kernel's frames at these addresses, of which there are `count`. */
void path_frames_kernel(const struct kernel_symbols *kernel, const uint64_t *chain, size_t count,
                        struct call_frame *frames);

#endif
