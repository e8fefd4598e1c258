/* What user code is to an allocator: its own, that of taking or releasing a lock, copying, or the program's.
 */
#ifndef HEAPWAIT_CODE_CLASS_H
#define HEAPWAIT_CODE_CLASS_H

#include "probes/elf/module.h"

/* Returns the class of the function `s` in the file `m`, a static string: "program", "allocator", "lock" or
 * "copy"; "unknown" where `s` is NULL and the file is no allocator's.  `m` may be NULL. */
const char *code_class(const struct module *m, const struct symbol *s);

#endif
