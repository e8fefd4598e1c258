/* Return addresses on a copied piece of user stack, found without unwind information.  A word counts as one
 * when it points behind a call, and, where that call names its target, when the target is the function that
 * the frame below runs in, or jumps on to it.  That sorts out most of what older calls have left. */
#ifndef HEAPWAIT_FRAMES_H
#define HEAPWAIT_FRAMES_H

#include "probes/bpf/abi.h"
#include "probes/elf/module.h"

enum { MAX_FRAMES = 24 };

/* The module and its symbol are borrowed of the module's table. */
struct frame {
    const struct module *module;
    uint64_t address;              /* the module's own; of a caller, where it is returned to */
    const struct symbol *function; /* NULL: no symbol covers the address */
};

/* Tells where an address of a process lies: *module is set to the file, *own to the address in it.  `context`
 * is the caller's.  Returns false where it lies in no file that is known. */
typedef bool (*resolve_fn)(void *context, uint64_t address, const struct module **module, uint64_t *own);

/* Finds the frames of a copied stack and writes them to frames[max], the innermost first, which made the
 * system call.  On arm64 the link register may tell the innermost caller.  Returns how many there are; 0: its
 * program counter lies in no file that is known. */
size_t frames_scan(const struct stack_value *stack, resolve_fn resolve, void *context, struct frame *frames,
                   size_t max);

/* Whether a call ends right before the address, so that it may be a return address. */
bool frame_follows_call(const struct module *m, uint64_t address);

/* Whether `address` may be where the function of the frame `inner` returns to. */
enum call_link {
    LINK_NONE,     /* no: it lies behind no call, or behind that of another function */
    LINK_INDIRECT, /* perhaps: it lies behind a call that doesn't tell what it calls */
    LINK_DIRECT,   /* yes, as far as the call's target tells */
};
enum call_link frame_link(const struct module *m, uint64_t address, const struct frame *inner);

/* Finds the functions that a call of `target` may have led into: that one and those that it goes on in by
 * jumping (tail calls), several levels deep.  Writes where they begin to `entries`, the target first, and
 * returns how many they are.  Jumps through a register are not followed, and of large functions a part is
 * read. */
enum { FRAME_ENTRIES = 24 };
size_t frame_call_entries(const struct module *m, uint64_t target, uint64_t entries[FRAME_ENTRIES]);

/* Whether one of these functions jumps where its code doesn't tell, maybe into any other. */
bool frame_call_is_open(const struct module *m, uint64_t target);

/* Returns the address of what the call right before `address` calls; 0: there is no call, or it doesn't tell.
 */
uint64_t frame_call_target(const struct module *m, uint64_t address);

/* Whether the code of the module's function of that name takes the address `target`.  A function that begins
 * by jumping on is followed.  Its symbol tells where it ends, or its code does; 2048 bytes at most are read.
 */
bool frame_code_refers(const struct module *m, const char *function, uint64_t target);

#endif
