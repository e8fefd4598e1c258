/* What the frames of a futex call's path are to who waits: all that stands between the futex word and the
 * application is told apart from the application. */
#ifndef HEAPWAIT_CALLER_CLASS_H
#define HEAPWAIT_CALLER_CLASS_H

#include "probes/elf/module.h"
#include "probes/names/naming.h"
#include "probes/stacks/frames.h"

/* Returns the class of the function `s` in the file `m`, a static string.  It is that of code_class(), with
 * four differences: what waits for something else than a lock and what makes the system call is "lock";
 * operators new and delete and their like in Rust are "allocator"; so is what lies in a library that gives
 * others malloc and free, whether the table of allocators has it or not; "library" is what would be "program"
 * or "unknown" and lies in a C library with a file of its own, or belongs to the standard library of C++ or
 * Rust.  `m` and `s` may be NULL. */
const char *caller_class(const struct module *m, const struct symbol *s);

/* Sets classes[count], static strings, to the classes of a path's frames, which stand innermost first.  They
 * are those of caller_class() and, in files without symbols, of naming_code_class(), but for what the path
 * tells: whatever stands between the outermost function of malloc's kind and the lock is "allocator" or
 * "lock", by whatever name, and what lies in an allocator's file and stands outside of that is none.  So the
 * application's function is the first beyond the outermost frame of the allocator, also of one that no table
 * knows.  A frame in no file has no module. */
void caller_class_path(struct naming *n, const struct frame *frames, size_t count, const char **classes);

/* Returns how many of a path's frames, from the innermost on, are the allocator's and of locks: up to the
 * outermost function of malloc's kind; where there is none, because a thread's end or the like made the call,
 * up to the outermost function of an allocator that is linked in. */
size_t caller_class_inside(const struct frame *frames, size_t count);

/* Returns the number of the first frame beyond the allocator and its locks if between it and the one before
 * frames are missing, so that it need not be the caller; 0: they aren't, or there is no such frame. `classes`
 * are those of caller_class_path().  `by_pointers`: the path was found by frame pointers alone, which leave
 * out the caller of each function that keeps none. */
size_t caller_class_gap(const struct frame *frames, size_t count, const char *const *classes,
                        bool by_pointers);

#endif
