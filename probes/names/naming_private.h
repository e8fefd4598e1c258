/* What the files of naming share: what they know of processes and their words.
 * Not for use outside of the naming. */
#ifndef HEAPWAIT_NAMING_PRIVATE_H
#define HEAPWAIT_NAMING_PRIVATE_H

#include "probes/names/allocators.h"
#include "probes/names/inquiry.h"
#include "probes/names/mapped_program.h"
#include "probes/names/naming.h"
#include "probes/names/stripped.h"
#include "probes/stacks/frames.h"

/* A thread arena of glibc: numbered in the order in which they are met, each process's by itself. */
struct arena {
    const struct address_space *space;
    uint64_t address;
    unsigned number;
};

/* What a process is, as of when so many mappings of it were known. */
struct known_program {
    const struct address_space *space;
    size_t mapping_count;
    struct mapped_program program;
    bool mutex_statistics; /* its allocator keeps statistics with each mutex: see by_waiting.c */
};

struct naming {
    struct module_table *modules;
    struct arena *arenas;
    size_t arena_count, arena_capacity;
    struct known_program *programs;
    size_t program_count;
    struct stripped *stripped;
};

/* By the functions on the stack of a call: whose lock it is, else "word of FUNCTION". */
bool naming_by_stack(struct inquiry *q);

/* By how it is waited for and what stands before it: whether it is malloc's, without a name of its own. */
bool naming_by_waiting(struct inquiry *q);

/* What the value of the first wait is usual for, as the end of a sentence; proves nothing. */
const char *naming_value_class(const struct word_facts *facts);

#endif
