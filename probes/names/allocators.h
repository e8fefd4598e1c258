/* The table of allocators: what tells that one is in a process, and what its locks and functions are called.
 * Adding an allocator is adding a row in allocators.c. */
#ifndef HEAPWAIT_ALLOCATORS_H
#define HEAPWAIT_ALLOCATORS_H

#include "probes/elf/module.h"

/* What a lock is for, by a part of the name of the function that takes it. */
struct allocator_role {
    const char *part, *role;
};

struct allocator {
    const char *name;
    const char *libc;                 /* the C library that it is part of, NULL: stands alone */
    const char *library;              /* its own library's file name begins so; NULL: it has none */
    const char *const *markers;       /* a module that holds one of these holds it */
    const char *const *locks;         /* its lock objects: exact names */
    const char *const *lock_prefixes; /* or how they begin */
    const char *const *functions;     /* its functions' names begin so */
    const char *const *internals;     /* further functions of it, too common to prove anything: exact names */
    const char *text;                 /* of a message that its code holds: tells where there are no symbols */
    const char *mutex_text; /* of the names of statistics that it keeps with each mutex, where it does */
    bool mutexes;           /* its locks are pthread mutexes, all of them */
    const struct allocator_role *roles; /* the first that fits counts */
};

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

/* Whether a function of that name is the allocator's own way of taking a lock. */
bool allocator_locks_with(const char *function);

/* What a lock that this function takes is for ("bin"); NULL: not known. */
const char *allocator_role_of(const struct allocator *a, const char *function);

/* Whether a function of this name is allocation: malloc and its kin, or what the module's allocator calls. */
bool allocator_has_function(const struct module *m, const char *function);

/* The allocator of that C library that has a lock of this name; NULL: none. */
const struct allocator *allocator_of_libc_lock(const char *libc, const char *object);

/* The allocator of that name; NULL: not in the table. */
const struct allocator *allocator_named(const char *name);

/* The n-th allocator that is told by a text, and the text; NULL behind the last. */
const char *allocator_text(size_t n, const char **text);

/* "glibc" or "musl" when the module is that C library or holds it; NULL: neither. */
const char *allocator_libc_of_module(const struct module *m);

#endif
