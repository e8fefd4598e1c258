/* What a program is, by the files that it has mapped: C library, linkage, and what it allocates with. */
#ifndef HEAPWAIT_MAPPED_PROGRAM_H
#define HEAPWAIT_MAPPED_PROGRAM_H

#include "probes/elf/module.h"
#include "probes/mappings/sideband.h"
#include "probes/names/stripped.h"

/* Owns nothing: the strings are static, or those of modules and of the address space. */
struct mapped_program {
    const char *libc;                 /* "glibc" or "musl"; NULL: not known */
    const char *linkage;              /* "static", "static-pie" or "dynamic"; NULL: not known */
    const char *allocator;            /* "unknown": mappings are known and nothing tells; NULL: they aren't */
    const struct module *malloc_from; /* the module whose malloc the program's calls reach; NULL: not found */
    const struct module *file;        /* the program's own; NULL: it can't be read */
    const char *marker;               /* the symbol that told the allocator; NULL: told otherwise */
    const char *message;     /* the C library's allocator, if a message of its code tells it; else NULL */
    const char *malloc_is;   /* the allocator behind malloc, when the program has another; else NULL */
    const char *code;        /* what of its machine code told, where no symbol did; else NULL */
    const char *unreachable; /* path of a file that could not be read; NULL: all could */
};

/* Sets *out to what is known of the program that has mapped `space`.  `space` and `stripped` may be NULL: no
 * mappings are known; machine code isn't read. */
void mapped_program_read(struct module_table *modules, struct stripped *stripped,
                         const struct address_space *space, struct mapped_program *out);

/* Returns a sentence that tells how the allocator was found, malloc'd; NULL when no mappings are known, or
 * out of memory. */
char *mapped_program_evidence(const struct mapped_program *p);

#endif
