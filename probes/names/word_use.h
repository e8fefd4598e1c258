/* What a futex word is used for: by the functions through which threads come to it. */
#ifndef HEAPWAIT_WORD_USE_H
#define HEAPWAIT_WORD_USE_H

#include "probes/names/naming.h"

#include <stdbool.h>

/* Returns "mutex", "condition", "join" or "idle", static: what most of the calls are for, by their paths.
 * NULL: no function's name tells, or none of these has more than half of the calls that tell.  A path tells
 * by its innermost function with such a role: a condition variable takes its mutex again by a function of
 * mutexes. Frames without a name are passed where the next one with a name is of the same module, as in a C
 * library that has the names of its interface only. */
const char *word_use(const struct word_path *paths, size_t count);

/* Returns true if the word is none of malloc's, by the call paths: each frame of each has a name, at least
 * two, and none is malloc's, or another allocator's.  Told without any knowledge of which malloc a program
 * has. */
bool word_use_apart(const struct word_path *paths, size_t count);

#endif
