/* What a function in user space does, as far as an allocator is concerned: a sample's class. */
#ifndef HEAPWAIT_CODE_CLASS_H
#define HEAPWAIT_CODE_CLASS_H

#include "probes/elf/module.h"

/* Returns the class of the function `s` in the file `m`, a static string: "lock" when it takes or releases a
 * lock, "copy" when it copies or fills memory, "allocator" when it allocates or frees, else "program".  `m`
 * may be NULL. `s` is NULL where the function is not known: then it is "allocator" in an allocator's library,
 * else "unknown". */
const char *code_class(const struct module *m, const struct symbol *s);

/* The same of a sample's place, the address `own` of the module: what would be program or unknown is lock
 * where the code there waits in a loop for another thread (code_spin_at()). */
const char *code_class_at(const struct module *m, const struct symbol *s, uint64_t own);

/* Returns true if the code at the address `own` of the module waits in a loop for another thread
 * (code_spin_at()).  Takes some microseconds. */
bool code_class_spins(const struct module *m, uint64_t own);

#endif
