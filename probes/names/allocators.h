/* The table of allocators, asked about the modules of a process: which allocator a module holds, and which
 * objects and functions of it are the allocator's.  What is returned is static or stands in
 * the module: nobody frees it. */
#ifndef HEAPWAIT_ALLOCATORS_H
#define HEAPWAIT_ALLOCATORS_H

#include "analysis/base/allocator_table.h"
#include "probes/elf/module.h"

/* Returns the allocator whose library `m` is, by the name of its file (libjemalloc.so.2); NULL: it is none's.
 */
const struct allocator *allocator_of_library(const struct module *m);

/* Whether `m` is an allocator's library: one of the table's by its name, or any other that gives malloc and
 * free to others and is neither a program nor a C library. */
bool allocator_is_library(const struct module *m);

/* Returns the allocator that `m` defines malloc with; NULL: it defines no malloc, or one that the table
 * doesn't have.  A C library's own file without symbols is taken to hold the library's malloc, of which musl
 * has had two: for it a row called "musl malloc" is returned, which is not in the table.  A program into
 * which a C library is linked may define a malloc of its own: there the markers alone tell. */
const struct allocator *allocator_of_module(const struct module *m);

/* Returns the allocator that stands alone and is linked into `m`; NULL: none is.  *marker is set to the
 * symbol that tells so, or to NULL.  The allocator need not be what malloc is: Rust's jemalloc is called
 * _rjem_malloc. */
const struct allocator *allocator_within(const struct module *m, const char **marker);

/* Returns the symbol that tells that `m` holds `a`; NULL: none does. */
const char *allocator_marker(const struct module *m, const struct allocator *a);

/* Returns the allocator that the object called `object` in `m` is a lock of; NULL: none.  Names like "mal"
 * and "init_lock" count only in a module that holds the allocator. */
const struct allocator *allocator_of_lock(const struct module *m, const char *object);

/* Returns the allocator that the function called `function` in `m` belongs to; NULL: none. */
const struct allocator *allocator_of_function(const struct module *m, const char *function);

/* Returns whether `function` is the name of one that takes or releases an allocator's own locks.  The module
 * isn't asked. */
bool allocator_locks_with(const char *function);

/* Returns whether a sample in a function of this name is of class `lock`, since an allocator's locks are
 * taken or released there.  The module isn't asked. */
bool allocator_samples_lock(const char *function);

/* Returns what a lock is for that `function` of `a` takes, as "bin"; NULL: not known. */
const char *allocator_role_of(const struct allocator *a, const char *function);

/* Returns whether the function called `function` in `m` allocates or frees: malloc and its kin in any module,
 * and the functions of an allocator that `m` holds. */
bool allocator_has_function(const struct module *m, const char *function);

/* Returns the allocator of the C library `libc` ("glibc", "musl") that has a lock called `object`; NULL:
 * none. */
const struct allocator *allocator_of_libc_lock(const char *libc, const char *object);

/* Returns "glibc" or "musl" where `m` is that C library or has it linked in; NULL: neither. */
const char *allocator_libc_of_module(const struct module *m);

#endif
