/* A C library's archive (libc.a) as a reference for static programs without symbols: those of its functions
 * that refer to malloc's lock are looked for in the program's code, relocated bytes left out, and where they
 * are found the program's own bytes say where the lock lies.  The archive is somebody else's file: nothing in
 * it is trusted to be consistent. */
#ifndef HEAPWAIT_LIBC_ARCHIVE_H
#define HEAPWAIT_LIBC_ARCHIVE_H

#include "analysis/base/error.h"
#include "probes/elf/module.h"
#include "probes/names/allocators.h"

struct libc_archive;

/* 0; else a negative errno, and the sentence. */
int libc_archive_open(const char *path, struct libc_archive **out, struct error *err);
void libc_archive_close(struct libc_archive *a);

/* Where a module has the archive's malloc lock. */
struct libc_match {
    uint64_t address, size; /* of the object; size 0: it isn't there, or what was found contradicts itself */
    char symbol[32];        /* its name in the archive */
    const struct allocator *allocator;
    unsigned functions; /* how many functions match and refer to it */
    uint64_t first;     /* one of them, in the module */
};

/* 0 or -ENOMEM. */
int libc_archive_match(const struct libc_archive *a, const struct module *m, struct libc_match *out);

#endif
