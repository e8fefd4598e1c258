/* From an address of a process to a place in a file: which of the files that the process had mapped holds it,
 * and where there.  One address may be in two files, one after the other (dlclose, dlopen): the mappings that
 * count are those of the time asked for, and of these the latest.  A process may map a piece of a file's code
 * once more, as V8 does: where the file's data lies follows from the whole mapping alone. */
#ifndef HEAPWAIT_RESOLVE_H
#define HEAPWAIT_RESOLVE_H

#include "probes/elf/module.h"
#include "probes/mappings/spaces.h"

/* Where addresses are looked up.  All pointers are borrowed. */
struct resolve_context {
    struct module_table *modules;
    const struct address_space *space; /* NULL: its mappings are not known, and nothing is found */
    uint64_t time_ns;                  /* CLOCK_MONOTONIC; mappings of later times don't count; 0: all do */
};

/* Returns true if a file holds the process's `address`; then *module is the file, the table's, and *own the
 * address in it.  `context` is a struct resolve_context (the type that frames_scan() wants).  Returns false,
 * and leaves both as they were, if the address lies in no file that can be read. */
bool resolve_address(void *context, uint64_t address, const struct module **module, uint64_t *own);

/* The same for a futex word, which lies in no part of a file that can't be written. */
bool resolve_word(const struct resolve_context *c, uint64_t address, const struct module **module,
                  uint64_t *own);

#endif
