/* musl's malloc in a static program without symbols: its lock is found in the code.  Only musl's own objects
 * call musl's __lock, so whoever passes it a word's address is one of some twenty functions, and malloc and
 * free are told from the others by what else they do.  What isn't proved is called likely, or not at all. */
#ifndef HEAPWAIT_MUSL_CODE_H
#define HEAPWAIT_MUSL_CODE_H

#include "probes/code/insn.h"
#include "probes/elf/module.h"

enum musl_verdict {
    MUSL_OTHER,  /* a lock of musl's that isn't malloc's, as far as its code tells */
    MUSL_LIKELY, /* much speaks for malloc's */
    MUSL_MALLOC,
};

/* A lock, owned by the musl_code. */
struct musl_lock {
    uint64_t address; /* in the module */
    enum musl_verdict verdict;
    const char *part; /* which of malloc's locks ("bin 3"); NULL: it has but one */
    const char *evidence;
};

struct musl_code;

/* NULL when no lock function of musl's is found (or there is no memory).  `machine` is the file's. */
struct musl_code *musl_code_read(const struct module *m, const struct machine *machine);

/* The same for bytes at hand, which it takes over (malloc'd). */
struct musl_code *musl_code_of_bytes(uint8_t *bytes, size_t size, uint64_t address,
                                     const struct machine *machine);
void musl_code_free(struct musl_code *c);

/* What is known of a word; NULL: nothing, it may be anybody's. */
const struct musl_lock *musl_code_lock(struct musl_code *c, uint64_t address);

/* Every lock of musl's that the code names, for tests and to look at; NULL behind the last. */
const struct musl_lock *musl_code_next(struct musl_code *c, size_t n);

/* "mallocng" or "oldmalloc" where its code is there beyond doubt; else NULL. */
const char *musl_code_malloc(const struct musl_code *c);

/* "lock" or "allocator" for an address in a function that is known as such; else NULL. */
const char *musl_code_class(const struct musl_code *c, uint64_t address);

#endif
