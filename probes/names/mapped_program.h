/* What a program is, by the files that it has mapped: C library, linkage, and what it allocates with. */
#ifndef HEAPWAIT_MAPPED_PROGRAM_H
#define HEAPWAIT_MAPPED_PROGRAM_H

#include "probes/elf/module.h"
#include "probes/mappings/sideband.h"
#include "probes/names/stripped.h"

struct mapped_program {
    const char *libc, *linkage;       /* "glibc"/"musl"; "static"/"static-pie"/"dynamic"; NULL: not known */
    const char *allocator;            /* "unknown": mappings are known and nothing tells; NULL: they aren't */
    const struct module *malloc_from; /* the module whose malloc the program's calls reach; NULL: not found */
    const struct module *file;        /* the program's own */
    const char *marker;               /* the symbol that told the allocator; NULL: told otherwise */
    const char *malloc_is;   /* the allocator behind malloc, when the program has another; else NULL */
    const char *code;        /* what of its machine code told, where no symbol did; else NULL */
    const char *unreachable; /* path of a file that could not be read; NULL: all could */
};

/* `space` and `stripped` may be NULL.  Static strings, and the modules' own. */
void mapped_program_read(struct module_table *modules, struct stripped *stripped,
                         const struct address_space *space, struct mapped_program *out);

/* How the allocator was found, in words: malloc'd. */
char *mapped_program_evidence(const struct mapped_program *p);

#endif
