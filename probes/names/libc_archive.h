/* A C library's archive (libc.a) as a reference for static programs without symbols.  Those of its functions
 * that refer to malloc's lock are looked for in the program's code; bytes that the linker fills in are not
 * compared.  Where a function is found, the bytes that the linker filled in tell where the lock lies.  The
 * archive is somebody else's file: nothing in it is trusted to be consistent. */
#ifndef HEAPWAIT_LIBC_ARCHIVE_H
#define HEAPWAIT_LIBC_ARCHIVE_H

#include "analysis/base/error.h"
#include "probes/elf/module.h"
#include "probes/names/allocators.h"

struct libc_archive;

/* Reads the archive at `path` into *out, which libc_archive_close() frees.  Returns 0, or a negative errno
 * with a sentence in `err`: -ENOEXEC when it is no archive, -ENOENT when no function in it takes the lock. */
int libc_archive_open(const char *path, struct libc_archive **out, struct error *err);

/* Frees the archive; NULL is fine. */
void libc_archive_close(struct libc_archive *a);

/* Where a module has the archive's malloc lock. */
struct libc_match {
    uint64_t address, size; /* the lock's; size 0: it isn't there, or what was found contradicts itself */
    char symbol[32];        /* the lock's name in the archive */
    const struct allocator *allocator;
    unsigned functions; /* how many functions match and refer to it */
    uint64_t first;     /* where the first of them lies in the module */
};

/* Looks for malloc's lock in `m` and sets *out.  Returns 0, also when it isn't there, or -ENOMEM. */
int libc_archive_match(const struct libc_archive *a, const struct module *m, struct libc_match *out);

#endif
