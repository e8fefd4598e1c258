/* What one function of a file without symbols does, as far as that tells whose it is: its system calls,
 * constants, calls, atomic accesses and crashes.  Each function is walked through once, and its facts are
 * kept. */
#ifndef HEAPWAIT_FUNCTION_FACTS_H
#define HEAPWAIT_FUNCTION_FACTS_H

#include "probes/code/code.h"

/* Constants by which musl's functions are told; bits of facts.constants. */
enum known_constant {
    HAS_INT_MAX = 1 << 0,       /* 0x7fffffff */
    HAS_INT_MIN_ONE = 1 << 1,   /* 0x80000001 */
    HAS_NG_THRESHOLD = 1 << 2,  /* from this size on mallocng maps: see musl_code.c */
    HAS_OLD_THRESHOLD = 1 << 3, /* the same of oldmalloc */
    HAS_OLD_RECLAIM = 1 << 4,   /* from this size on oldmalloc gives memory back */
    HAS_ENOMEM = 1 << 5,        /* 12 */
    HAS_EINVAL = 1 << 6,        /* 22 */
    HAS_POINTER_SIZE = 1 << 7,  /* 8, or 7, the last that is less */
};

/* What a function does; bits of facts.deeds. */
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

/* A call, or a jump to where another function begins. */
struct fact_call {
    uint64_t target, site; /* addresses */
    bool has_word;         /* the first argument is the constant `word` */
    uint64_t word;
    bool anonymous; /* the arguments are as for mmap of no file: flags with MAP_ANONYMOUS, descriptor -1 */
};

enum { MAX_FACT_CALLS = 64, MAX_FACT_WORDS = 16 }; /* what comes after so many is left out */
struct facts {
    uint64_t entry;     /* the address of its first instruction */
    uint64_t low, high; /* addresses: all that was walked lies in [low, high), which may have holes */
    unsigned constants; /* enum known_constant */
    unsigned deeds;     /* enum known_deed */
    unsigned crashes;   /* instructions that kill the program */
    struct fact_call calls[MAX_FACT_CALLS];
    size_t call_count;
    /* Addresses of words that it accesses atomically: 64 bits for and and or, any number for swap. */
    uint64_t ands[MAX_FACT_WORDS], ors[MAX_FACT_WORDS], swaps[MAX_FACT_WORDS];
    size_t and_count, or_count, swap_count;
};

struct facts_table;

/* Returns an empty table; NULL: out of memory.  It borrows the code, which has to outlive it. */
struct facts_table *facts_new(const struct code *c);

/* Frees it with all facts.  NULL is fine. */
void facts_free(struct facts_table *t);

/* The table does so much work and no more, by the code's size: an instruction that is walked through is one,
 * and so is each question.  Who loops over what the code tells takes each round off as well: facts_spend()
 * returns false where nothing is left.  facts_left() returns how much is. */
bool facts_spend(struct facts_table *t, size_t work);
size_t facts_left(const struct facts_table *t);

/* Returns the facts of the function that begins at `entry`, owned by the table.  NULL: there is no memory, no
 * work is left, or there are 4096 others. */
const struct facts *facts_at(struct facts_table *t, uint64_t entry);

/* Returns the facts of the function that reaches the address from its beginning, owned by the table.  NULL:
 * none of the nearest beginnings before it does, or as facts_at(). */
const struct facts *facts_around(struct facts_table *t, uint64_t address);

#endif
