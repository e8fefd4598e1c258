/* The table of allocators: what tells that one is in a process, and what its locks and functions are called.
 * Adding an allocator is adding a row in allocators.c. */
#ifndef HEAPWAIT_ALLOCATORS_H
#define HEAPWAIT_ALLOCATORS_H

#include "probes/module.h"

struct allocator {
    const char *name;
    const char *libc;             /* the C library that it is part of, NULL: stands alone */
    const char *library;          /* its own library's file name begins so; NULL: it has none */
    const char *const *markers;   /* a module that defines malloc and one of these is it */
    const char *const *locks;     /* its lock objects: exact names */
    const char *const *functions; /* its functions' names begin so */
    const char *text;             /* of a message that its code holds: tells where there are no symbols */
    const char *const *internals; /* further functions of it, too common to prove anything: exact names */
};

/* The allocator whose library this is (libjemalloc.so.2...); NULL: not an allocator's library. */
const struct allocator *allocator_of_library(const struct module *m);

/* The allocator that this module defines malloc with; NULL: it defines no malloc, or an unknown one. */
const struct allocator *allocator_of_module(const struct module *m);

/* The allocator that an object of this name in this module is a lock of; NULL: none. */
const struct allocator *allocator_of_lock(const struct module *m, const char *object);

/* The allocator that a function of this name in this module belongs to; NULL: none. */
const struct allocator *allocator_of_function(const struct module *m, const char *function);

/* Whether a function of this name is allocation: malloc and its kin, or what the module's allocator calls. */
bool allocator_has_function(const struct module *m, const char *function);

/* The allocator of that C library that has a lock of this name; NULL: none. */
const struct allocator *allocator_of_libc_lock(const char *libc, const char *object);

/* The allocator of that name; NULL: not in the table. */
const struct allocator *allocator_named(const char *name);

/* The n-th allocator that is told by a text, and the text; NULL behind the last. */
const char *allocator_text(size_t n, const char **text);

/* "glibc" or "musl" when the module is that C library or holds it; NULL: neither. */
const char *libc_of_module(const struct module *m);

#endif
