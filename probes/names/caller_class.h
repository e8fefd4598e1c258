/* What a frame of a futex call's path is to who waits: all that stands between the futex word and the
 * application is told apart from the application. */
#ifndef HEAPWAIT_CALLER_CLASS_H
#define HEAPWAIT_CALLER_CLASS_H

#include "probes/elf/module.h"

/* Returns the class of the function `s` in the file `m`, a static string.  It is that of code_class(), with
 * three differences: what waits for something else than a lock and what makes the system call is "lock";
 * operators new and delete and their like in Rust are "allocator"; "library" is what would be "program" or
 * "unknown" and lies in a C library with a file of its own, or belongs to the standard library of C++ or
 * Rust.  `m` and `s` may be NULL. */
const char *caller_class(const struct module *m, const struct symbol *s);

#endif
