/* The call path of a copied stack.  Each frame is left by the best means that there is for it: the module's
 * unwind tables; else the function's own code, which shows whether it keeps a frame pointer and how much it
 * has put on the stack; else scanning for a return address that lies behind a call of the function.  So a
 * program with tables can be followed through a C library without (musl's), and the other way round. */
#ifndef HEAPWAIT_UNWIND_H
#define HEAPWAIT_UNWIND_H

#include "probes/bpf/abi.h"
#include "probes/elf/resolve.h"
#include "probes/stacks/frames.h"

enum { MAX_PATH = 128 }; /* frames */

/* The weakest means that a path owes a frame to; the strongest comes first. */
enum path_evidence {
    PATH_UNWIND_TABLES,
    PATH_FRAME_POINTERS,
    PATH_RETURN_ADDRESSES, /* the code or a scan says where one lies, and it is behind a fitting call */
    PATH_EVIDENCES
};

struct unwinder;

/* Returns what unwinds, and keeps what it has read of modules.  NULL: out of memory. */
struct unwinder *unwinder_new(void);

/* Frees it.  To be called before the modules that it was shown are freed: it holds on to them.  NULL is fine.
 */
void unwinder_free(struct unwinder *u);

/* One path, innermost frame first. */
struct call_path {
    struct frame frames[MAX_PATH];
    size_t count;
    enum path_evidence evidence;
    bool complete; /* it ends where the thread began */
};

/* Fills *path with the call path of the stack, read as the mappings of `where` tell.  It is empty where the
 * program counter lies in no file that is known.  The frames' modules and symbols are borrowed of the module
 * table. */
void unwind(struct unwinder *u, const struct resolve_context *where, const struct path_value *stack,
            struct call_path *path);

/* The same of a longer copy: more[more_count] are the words that follow stack->stack. */
void unwind_long(struct unwinder *u, const struct resolve_context *where, const struct path_value *stack,
                 const u64 *more, size_t more_count, struct call_path *path);

#endif
