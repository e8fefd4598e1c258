/* What musl_code.c and musl_code_old.c share: the words that are judged, and what is known of the code. */
#ifndef HEAPWAIT_MUSL_CODE_PRIVATE_H
#define HEAPWAIT_MUSL_CODE_PRIVATE_H

#include "probes/code/code.h"
#include "probes/code/function_facts.h"
#include "probes/names/musl_code.h"

#include <stdbool.h>

enum {
    MAX_LOCK_FUNCTIONS = 4,
    MAX_LOCKS = 160,
    MAX_TAKERS = 16,
    MAX_FUNCTIONS = 48,
};

/* A word, and the functions that pass its address to __lock or __unlock. */
struct word {
    struct musl_lock lock;
    char *evidence;
    char part[24];
    const struct facts *takers[MAX_TAKERS];
    size_t taker_count;
};

struct musl_code {
    struct code *code;
    struct facts_table *facts;
    const struct module *module; /* NULL: the bytes are all that there is */
    const struct facts *lock_functions[MAX_LOCK_FUNCTIONS];
    size_t lock_function_count;
    struct word words[MAX_LOCKS];
    size_t word_count;
    const char *malloc;
    const struct facts *functions[MAX_FUNCTIONS]; /* of the malloc that is proved */
    size_t function_count;
    uint64_t old_base; /* where oldmalloc's struct lies; 0: not found */
    enum musl_verdict old_verdict;
    char *old_evidence;
};

/* Sets *text to the formatted sentence, malloc'd; what it was is freed.  NULL: out of memory. */
void musl_code_put(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Returns the word at the address, owned by *c; `make`: a new one where there is none.  NULL: there is none,
 * or no room. */
struct word *musl_code_word(struct musl_code *c, uint64_t address, bool make);

/* Returns true if the function, or one that it calls, gets memory from the kernel; gives it back. */
bool musl_code_maps(struct musl_code *c, const struct facts *f);
bool musl_code_unmaps(struct musl_code *c, const struct facts *f);

/* Return true if the address lies in one of malloc's functions, as far as they are found; if only `f` calls
 * `callee`. */
bool musl_code_has(const struct musl_code *c, uint64_t address);
bool musl_code_only_caller(const struct musl_code *c, const struct facts *f, const struct facts *callee);

/* Returns true if `f`, which calls one of malloc's functions, is one of oldmalloc's, where that is proved. */
bool musl_code_old_kin(struct musl_code *c, const struct facts *f);

/* Finds oldmalloc's struct, and sets old_base, old_verdict, old_evidence and, where it is proved, malloc and
 * functions.
 */
void musl_code_old_find(struct musl_code *c);

/* Returns the word at `address` if it is the lock of a bin, or the one behind the bins; else NULL. */
struct word *musl_code_old_word(struct musl_code *c, uint64_t address);

#endif
