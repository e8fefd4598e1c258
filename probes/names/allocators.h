/* The table of allocators, asked about the modules of a process: which allocator a module holds, and which
 * objects and functions of it are the allocator's.  What is returned stands in the table
 * (analysis/base/allocator_table.h) or in the module: it is never freed. */
#ifndef HEAPWAIT_ALLOCATORS_H
#define HEAPWAIT_ALLOCATORS_H

#include "analysis/base/allocator_table.h"
#include "probes/elf/module.h"

/* The allocator whose library this is (libjemalloc.so.2...); NULL: not an allocator's library. */
const struct allocator *allocator_of_library(const struct module *m);

/* The allocator that this module defines malloc with; NULL: it defines no malloc, or an unknown one. */
const struct allocator *allocator_of_module(const struct module *m);

/* An allocator that stands alone and is linked into this module; the symbol that tells so into *marker. NULL:
 * none. It need not be what malloc is: Rust's jemalloc is called _rjem_malloc. */
const struct allocator *allocator_within(const struct module *m, const char **marker);

/* The symbol that tells that the module holds the allocator; NULL: none does. */
const char *allocator_marker(const struct module *m, const struct allocator *a);

/* The allocator that an object of this name in this module is a lock of; NULL: none. */
const struct allocator *allocator_of_lock(const struct module *m, const char *object);

/* The allocator that a function of this name in this module belongs to; NULL: none. */
const struct allocator *allocator_of_function(const struct module *m, const char *function);

/* Returns whether a function of that name takes or releases an allocator's own locks, by the name alone. */
bool allocator_locks_with(const char *function);

/* Returns whether a sample in a function of that name is one of an allocator's locking, by the name alone:
 * fewer functions than those of allocator_locks_with(). */
bool allocator_samples_lock(const char *function);

/* What a lock that this function takes is for ("bin"); NULL: not known. */
const char *allocator_role_of(const struct allocator *a, const char *function);

/* Whether a function of this name is allocation: malloc and its kin, or what the module's allocator calls. */
bool allocator_has_function(const struct module *m, const char *function);

/* The allocator of that C library that has a lock of this name; NULL: none. */
const struct allocator *allocator_of_libc_lock(const char *libc, const char *object);

/* "glibc" or "musl" when the module is that C library or holds it; NULL: neither. */
const char *allocator_libc_of_module(const struct module *m);

#endif
