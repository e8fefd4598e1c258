/* What a frame of a call path is to who waits: code_class(), with all that stands between a futex word and
 * the application told apart from it. */
#ifndef HEAPWAIT_CALLER_CLASS_H
#define HEAPWAIT_CALLER_CLASS_H

#include "probes/elf/module.h"

/* `lock`: also what waits for something else than a lock, and what makes the system call.  `allocator`: also
 * operators new and delete and their like.  `library`: the C library, where it is a file of its own, and the
 * standard libraries of C++ and Rust.  Else as code_class().  `s`, the function, may be NULL; a static
 * string. */
const char *caller_class(const struct module *m, const struct symbol *s);

#endif
