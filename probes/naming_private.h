/* What the files of naming share: the question about one word while it is worked out, and how an answer is
 * put down.  Not for use outside probes/naming*.c. */
#ifndef HEAPWAIT_NAMING_PRIVATE_H
#define HEAPWAIT_NAMING_PRIVATE_H

#include "probes/allocators.h"
#include "probes/frames.h"
#include "probes/mapped_program.h"
#include "probes/naming.h"
#include "probes/stripped.h"

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
    bool mutex_statistics; /* its allocator keeps statistics with each mutex: see naming_waiting.c */
};

struct naming {
    struct module_table *modules;
    struct arena *arenas;
    size_t arena_count, arena_capacity;
    struct known_program *programs;
    size_t program_count;
    struct stripped *stripped;
};

/* What is being worked out for one word. */
struct inquiry {
    struct naming *naming;
    const struct word_facts *facts;
    const struct module *module; /* NULL: in no file */
    uint64_t own;                /* the address in the module */
    struct word_name *out;
    bool failed;
};

/* Replaces a text of the answer. */
void put(struct inquiry *q, char **text, const char *format, ...) __attribute__((format(printf, 3, 4)));
void put_malloc(struct inquiry *q, const struct allocator *a);
void put_other(struct inquiry *q);
/* "unnamed word in MODULE .bss+OFFSET": where it is, which is no name. */
void put_place(struct inquiry *q);

/* By the functions on the stack of a call: whose lock it is, else "word of FUNCTION". */
bool by_stack(struct inquiry *q);

/* By how it is waited for and what stands before it: whether it is malloc's, without a name of its own. */
bool by_waiting(struct inquiry *q);

/* What the value of the first wait is usual for, as the end of a sentence; proves nothing. */
const char *value_class(const struct word_facts *facts);

#endif
