/* Names a futex word by evidence, and decides whether it is an allocator's lock.  Never guesses: a word
 * without evidence is "unnamed word in MODULE .bss+OFFSET".  Knows nothing of maps or of counting. */
#ifndef HEAPWAIT_NAMING_H
#define HEAPWAIT_NAMING_H

#include "probes/bpf/abi.h"
#include "probes/bpf/terms.h"
#include "probes/elf/module.h"
#include "probes/elf/resolve.h"
#include "probes/mappings/sideband.h"

struct libc_archive;
struct naming;

/* What is known of one word.  `space` may be NULL (mappings not known). */
struct word_facts {
    const struct address_space *space;
    uint64_t address;
    struct word_evidence evidence;
    const struct stack_value *const *stacks; /* of its first calls, waits first */
    size_t stack_count;
    bool waited; /* its first call is a wait: evidence.expected is a value of the word */
};

/* Owned by whoever asked; free the strings. */
struct word_name {
    char *name;
    char *module;
    char *evidence;
    const char *allocator; /* static; NULL unless malloc's */
    enum whose whose;
};

struct naming *naming_new(void);

/* Files that name what modules don't name themselves: before the first question; the caller's, for as long.
 */
void naming_debug_files(struct naming *n, struct debug_files *given);
void naming_free(struct naming *n);

/* A C library's archive as a reference for programs without symbols, which it borrows; NULL is fine. */
void naming_refer(struct naming *n, const struct libc_archive *archive);

/* 0 or -ENOMEM. */
int naming_word(struct naming *n, const struct word_facts *facts, struct word_name *out);

/* Where the naming looks up the process's addresses: good for as long as both. */
struct resolve_context naming_context(const struct naming *n, const struct address_space *space);

/* Where an address of the process lies: the module and the address in it.  false: in none. */
bool naming_resolve(struct naming *n, const struct address_space *space, uint64_t address,
                    const struct module **module, uint64_t *own);

/* What the process allocates with, by what `malloc` resolves to, and how that was found: malloc'd, NULL when
 * no mappings are known.  "unknown" when they are and nothing tells. */
char *naming_allocator(struct naming *n, const struct address_space *space, const char **allocator);
/* "lock" or "allocator" for a place in a file without symbols whose code shows that it is; else NULL. */
const char *naming_code_class(struct naming *n, const struct module *m, uint64_t own);

/* The program itself: "glibc"/"musl", "static"/"static-pie"/"dynamic", and the allocator that its malloc
 * resolves to; each NULL when not known.  Static strings. */
void naming_program(struct naming *n, const struct address_space *space, const char **libc,
                    const char **linkage, const char **allocator);

#endif
