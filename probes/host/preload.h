/* The allocator libraries that LD_PRELOAD can put into a program: where they lie on this machine, and the
 * proof that one takes over.  What they are called stands in the table of allocators. */
#ifndef HEAPWAIT_PRELOAD_H
#define HEAPWAIT_PRELOAD_H

#include "analysis/base/allocator_table.h"
#include "analysis/base/error.h"
#include "probes/host/program.h"

#include <stddef.h>

/* Returns the path of a library of `allocator`, which must have a pattern for it (`preload`), that fits the
 * program (class and machine), malloc'd; NULL: none is installed, or out of memory.  Looks through
 * LD_LIBRARY_PATH, the dynamic linker's cache, the usual folders. */
char *preload_find(const struct allocator *allocator, const struct elf_kind *program);

enum preload_effect {
    PRELOAD_UNKNOWN, /* the program's dynamic linker doesn't tell */
    PRELOAD_TAKES,   /* the program's malloc is the library's */
    PRELOAD_NOT,     /* it is something else's; `why` says whose */
};

/* Sets *effect to what becomes of the program's malloc when LD_PRELOAD is `preload`.  The dynamic linker is
 * asked: it binds every symbol and says so, without running the program (as `ldd -r`, with LD_DEBUG).
 * `library` is the file that should have malloc; why[size] is room for `why`.  0 or negative errno. */
int preload_look(const struct program *program, const char *preload, const char *library,
                 enum preload_effect *effect, char *why, size_t size);

#endif
