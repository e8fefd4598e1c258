/* The call path of a copied stack.  Each frame is left by the best means that there are for it: the module's
 * unwind tables; else the function's own code, which shows whether it keeps a frame pointer and how much it
 * has put on the stack; else by scanning for a return address that lies behind a call of the function.  So a
 * program with tables can be followed through a C library without (musl's), and the other way round. */
#ifndef HEAPWAIT_UNWIND_H
#define HEAPWAIT_UNWIND_H

#include "probes/bpf/abi.h"
#include "probes/elf/resolve.h"
#include "probes/stacks/frames.h"

enum { MAX_PATH = 128 };

/* The weakest means that a path owes a frame to, strongest first. */
enum path_evidence {
    PATH_UNWIND_TABLES,
    PATH_FRAME_POINTERS,
    PATH_RETURN_ADDRESSES, /* read where the code or a scan says that they are, behind a fitting call */
    PATH_EVIDENCES
};

struct unwinder;

struct unwinder *unwinder_new(void);
/* NULL is fine.  Before the module table whose modules it was shown: it holds on to them. */
void unwinder_free(struct unwinder *u);

/* One path, innermost frame first. */
struct call_path {
    struct frame frames[MAX_PATH];
    size_t count;
    enum path_evidence evidence;
    bool complete; /* it ends where a thread begins */
};

/* Of the ways that the stack can be read in, the one that leads to where the thread began, else the longest.
 * An empty path: the program counter lies in no file that is known. */
void unwind(struct unwinder *u, const struct resolve_context *where, const struct path_value *stack,
            struct call_path *path);

/* The same of a longer copy: `more` are the words that follow stack->stack. */
void unwind_long(struct unwinder *u, const struct resolve_context *where, const struct path_value *stack,
                 const u64 *more, size_t more_count, struct call_path *path);

#endif
