/* The lock of musl's malloc in a static program without symbols, found in the machine code.  Only musl's own
 * objects call musl's __lock: whoever passes it the address of a word is one of some twenty functions. malloc
 * and free are told from the others by what else they do.  What isn't proved is called likely, or not at all.
 */
#ifndef HEAPWAIT_MUSL_CODE_H
#define HEAPWAIT_MUSL_CODE_H

#include "probes/code/insn.h"
#include "probes/elf/module.h"

enum musl_verdict {
    MUSL_OTHER,  /* a lock of musl's that isn't malloc's, as far as its code tells */
    MUSL_LIKELY, /* much speaks for its being malloc's */
    MUSL_MALLOC, /* proved to be malloc's */
};

/* A lock.  It and its strings belong to the musl_code. */
struct musl_lock {
    uint64_t address; /* in the module */
    enum musl_verdict verdict;
    const char *part;     /* which of malloc's locks ("bin 3"); NULL: malloc has but one */
    const char *evidence; /* a sentence */
};

struct musl_code;

/* Reads the code of the file `m`, which is for `machine`.  musl_code_free() frees what is returned.  NULL:
 * there is no lock function of musl's in it, or no memory. */
struct musl_code *musl_code_read(const struct module *m, const struct machine *machine);

/* The same for `size` bytes of code that lie at `address`.  `bytes` is malloc'd and taken over in any case.
 */
struct musl_code *musl_code_of_bytes(uint8_t *bytes, size_t size, uint64_t address,
                                     const struct machine *machine);

/* Frees it; NULL is fine. */
void musl_code_free(struct musl_code *c);

/* Returns what is known of the word at `address`; NULL: nothing, it may be anybody's. */
const struct musl_lock *musl_code_lock(struct musl_code *c, uint64_t address);

/* Returns the n-th lock of musl's that the code names; NULL behind the last.  For tests, and to look at. */
const struct musl_lock *musl_code_next(struct musl_code *c, size_t n);

/* Returns "mallocng" or "oldmalloc" where its code is there beyond doubt, else NULL. */
const char *musl_code_malloc(const struct musl_code *c);

/* Returns "lock" or "allocator" for an address in a function that is known to lock or to allocate, else NULL.
 */
const char *musl_code_class(const struct musl_code *c, uint64_t address);

#endif
