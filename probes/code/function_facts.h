/* What one function of a file without symbols does, as far as it tells whose it is: system calls, constants,
 * calls, atomic accesses, crashes.  Worked out once per function and kept. */
#ifndef HEAPWAIT_FUNCTION_FACTS_H
#define HEAPWAIT_FUNCTION_FACTS_H

#include "probes/code/code.h"

enum known_constant {
    HAS_INT_MAX = 1 << 0,      /* 0x7fffffff */
    HAS_INT_MIN_ONE = 1 << 1,  /* 0x80000001 */
    HAS_NG_THRESHOLD = 1 << 2, /* of mallocng, OLD: of oldmalloc: see musl_code.c */
    HAS_OLD_THRESHOLD = 1 << 3,
    HAS_OLD_RECLAIM = 1 << 4,
};

enum known_deed {
    DOES_WAIT = 1 << 0,  /* futex(first argument, FUTEX_WAIT | FUTEX_PRIVATE_FLAG) */
    DOES_WAKE = 1 << 1,  /* futex(first argument, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1) */
    DOES_FUTEX = 1 << 2, /* any futex call */
    DOES_MMAP = 1 << 3,
    DOES_MUNMAP = 1 << 4,
    DOES_BRK = 1 << 5,
    DOES_MADVISE = 1 << 6,
    DOES_ATOMIC_ARGUMENT = 1 << 7, /* on the word that the first argument points to */
};

struct fact_call {
    uint64_t target, site;
    bool has_word; /* the first argument is this constant */
    uint64_t word;
    bool anonymous; /* as for mmap: flags with MAP_ANONYMOUS, descriptor -1 */
};

enum { MAX_FACT_CALLS = 64, MAX_FACT_WORDS = 16 };
struct facts {
    uint64_t entry, low, high; /* [low, high): what was walked, and perhaps holes */
    unsigned constants, deeds, crashes;
    struct fact_call calls[MAX_FACT_CALLS];
    size_t call_count;
    uint64_t ands[MAX_FACT_WORDS], ors[MAX_FACT_WORDS], swaps[MAX_FACT_WORDS]; /* 64, 64 and any bits */
    size_t and_count, or_count, swap_count;
};

struct facts_table;
struct facts_table *facts_new(const struct code *c); /* borrows the code */
void facts_free(struct facts_table *t);

/* Of the function that begins there; NULL: out of memory, or too many were asked for. */
const struct facts *facts_at(struct facts_table *t, uint64_t entry);

/* Of the function that holds the address and reaches it; NULL: not found. */
const struct facts *facts_around(struct facts_table *t, uint64_t address);

#endif
