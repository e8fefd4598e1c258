/* What the files of naming share: what they know of processes and their words.  Only they use it. */
#ifndef HEAPWAIT_NAMING_PRIVATE_H
#define HEAPWAIT_NAMING_PRIVATE_H

#include "probes/names/allocators.h"
#include "probes/names/inquiry.h"
#include "probes/names/mapped_program.h"
#include "probes/names/naming.h"
#include "probes/names/stripped.h"
#include "probes/stacks/frames.h"

/* Of an address space: the struct itself may come to lie elsewhere. */
struct space_identity {
    uint32_t pid;
    uint64_t since_ns;
};
bool naming_space_is(const struct space_identity *known, const struct address_space *space);

/* A thread arena of glibc's.  The arenas of a process are numbered from 1, in the order in which they are
 * met. */
struct arena {
    struct space_identity space;
    uint64_t address;
    unsigned number;
};

/* What is known of a process since it had `mapping_count` mappings: with more it is asked again. */
struct known_program {
    struct space_identity space;
    size_t mapping_count;
    struct mapped_program program;
    bool mutex_statistics; /* its allocator keeps statistics with each mutex: see by_waiting.c */
    struct allocator
        unknown;        /* what stands for an allocator that the table doesn't have; no name: it has it */
    char *unknown_name; /* "unknown (FILE)" */
};

struct naming {
    struct module_table *modules;
    struct arena *arenas;
    size_t arena_count, arena_capacity;
    struct known_program *programs;
    size_t program_count;
    struct stripped *stripped;
};

/* Returns what is known of the program of the word's process, until the next question; NULL: nothing, or out
 * of memory. */
const struct known_program *naming_program_of(struct inquiry *q);

/* Forgets what the naming knows of programs. */
void naming_programs_free(struct naming *n);

/* Returns the row that stands for the process's allocator if the table doesn't have it; NULL: it is known, or
 * no mappings are.  Then a symbol's name or a stack tells of no word that it isn't malloc's. */
const struct allocator *naming_unknown(struct inquiry *q);

/* Answers that the word is no allocator's, as its name or a stack says; of an unknown allocator it doesn't.
 */
void naming_other(struct inquiry *q);

/* Whether the word lies in the data of a library whose malloc the process calls, and which the table doesn't
 * have: then answers that it is malloc's. */
bool naming_by_unknown_library(struct inquiry *q);

/* Whether the unknown malloc's code takes the address of the word: then answers that it is malloc's. */
bool naming_by_unknown_code(struct inquiry *q);

/* Whether an unknown malloc, or its kin, stands on the stack right above the functions that lock.  `owner` is
 * the index of the innermost frame that isn't about locking. */
bool naming_unknown_takes(struct inquiry *q, const struct frame *frames, size_t count, size_t owner);

/* Answers by the functions on the stacks of calls whose lock it is, or else names it "word of FUNCTION".
 * Returns whether the word has a name. */
bool naming_by_stack(struct inquiry *q);

/* Names a nameless word in the data of the allocator `a`'s own library by what the lock is for, where one of
 * the allocator's functions whose role is known stands on a stack.  Else the place stays its name. */
void naming_role_by_stack(struct inquiry *q, const struct allocator *a);

/* Answers by how the word is waited for, and by what stands before it, whether it is malloc's.  Returns
 * whether that tells. */
bool naming_by_waiting(struct inquiry *q);

/* Returns what the value of the first wait is usual for, as the end of a sentence, a static string; "":
 * nothing.  It proves nothing. */
const char *naming_value_class(const struct word_facts *facts);

#endif
