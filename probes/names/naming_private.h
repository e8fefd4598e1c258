/* What the files of naming share: what they know of processes and their words.  Only they use it. */
#ifndef HEAPWAIT_NAMING_PRIVATE_H
#define HEAPWAIT_NAMING_PRIVATE_H

#include "probes/names/allocators.h"
#include "probes/names/inquiry.h"
#include "probes/names/mapped_program.h"
#include "probes/names/naming.h"
#include "probes/names/stripped.h"
#include "probes/stacks/frames.h"

/* A thread arena of glibc's.  The arenas of a process are numbered from 1, in the order in which they are
 * met. */
struct arena {
    const struct address_space *space;
    uint64_t address;
    unsigned number;
};

/* What is known of a process since it had `mapping_count` mappings: with more it is asked again. */
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

/* Answers by the functions on the stacks of calls whose lock it is, or else names it "word of FUNCTION".
 * Returns whether the word has a name. */
bool naming_by_stack(struct inquiry *q);

/* Answers by how the word is waited for, and by what stands before it, whether it is malloc's.  Returns
 * whether that tells. */
bool naming_by_waiting(struct inquiry *q);

/* Returns what the value of the first wait is usual for, as the end of a sentence, a static string; "":
 * nothing.  It proves nothing. */
const char *naming_value_class(const struct word_facts *facts);

#endif
