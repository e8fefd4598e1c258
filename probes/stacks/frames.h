/* Return addresses on a copied piece of user stack, found without unwind information: a slot counts when it
 * points behind a call instruction, and, where that call names its target, when the target is the function
 * that the frame below runs in (or a stub that jumps on).  What is left of older calls is mostly sorted out
 * by that. */
#ifndef HEAPWAIT_FRAMES_H
#define HEAPWAIT_FRAMES_H

#include "probes/bpf/abi.h"
#include "probes/elf/module.h"

enum { MAX_FRAMES = 24 };

struct frame {
    const struct module *module;
    uint64_t address;              /* in the module; of a caller: the return address */
    const struct symbol *function; /* NULL: no symbol covers it */
};

/* Where an address of a process lies: finds the module instance and takes its bias off.  `context` is the
 * caller's.  false: in no module. */
typedef bool (*resolve_fn)(void *context, uint64_t address, const struct module **module, uint64_t *own);

/* Innermost frame first (that of the system call).  Returns how many were found. */
size_t frames_scan(const struct stack_value *stack, resolve_fn resolve, void *context, struct frame *frames,
                   size_t max);

/* Whether a call instruction ends right before the address, so that it may be a return address. */
bool frame_follows_call(const struct module *m, uint64_t address);

/* Whether `address` may be where the function of the frame `inner` returns to: it lies behind a call, and one
 * whose target, where the instruction names it, fits. */
enum call_link { LINK_NONE, LINK_INDIRECT /* the target is not told */, LINK_DIRECT };
enum call_link frame_link(const struct module *m, uint64_t address, const struct frame *inner);

/* Where the call right before `address` leads to; 0: it is none, or doesn't tell. */
uint64_t frame_call_target(const struct module *m, uint64_t address);

/* Whether the code of `function` in the module takes the address of `target`: what is reached from its first
 * instruction by a jump, and CODE_REACH bytes from there. */
bool frame_code_refers(const struct module *m, const char *function, uint64_t target);

#endif
