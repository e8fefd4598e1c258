/* Names a futex word by evidence, and decides whether it is an allocator's lock.  Never guesses: a word
 * without evidence is "unnamed word in MODULE .bss+OFFSET".  Knows nothing of the probes' tables, or of
 * counting. */
#ifndef HEAPWAIT_NAMING_H
#define HEAPWAIT_NAMING_H

#include "probes/bpf/abi.h"
#include "probes/bpf/terms.h"
#include "probes/elf/module.h"
#include "probes/elf/resolve.h"
#include "probes/mappings/sideband.h"
#include "probes/stacks/frames.h"

struct libc_archive;
struct naming;

/* A call path of the word's sampled calls. */
struct word_path {
    struct frame frames[MAX_FRAMES]; /* the innermost first, as many as there is room for */
    size_t count;
    uint64_t calls; /* how many of the sampled ones came by it */
};

/* What is known of one word.  Borrowed, all of it. */
struct word_facts {
    const struct address_space *space; /* NULL: its process's mappings are not known */
    uint64_t address;
    struct word_evidence evidence;
    const struct stack_value *const *stacks; /* those of its first calls, waits first */
    size_t stack_count;
    const struct word_path *paths; /* those of a sample of all its calls; where there are any, they count */
    size_t path_count;             /* instead of the stacks */
    bool waited; /* its first call is a wait, so that evidence.expected is a value of the word */
};

/* The answer.  Whoever asked frees the strings: word_name_free(). */
struct word_name {
    char *name;
    char *module;    /* path of the file that the word lies in; NULL: in none */
    char *evidence;  /* how the name was found */
    char *allocator; /* "unknown (FILE)": FILE's malloc, which no row tells of; NULL unless malloc's */
    enum whose whose;
};

/* Frees the answer's strings; `name` itself stays the caller's. */
void word_name_free(struct word_name *name);

/* Returns a naming that knows no file yet, and opens files as it is asked; NULL: out of memory. */
struct naming *naming_new(void);

/* Frees it, with all modules that it has given; NULL is fine. */
void naming_free(struct naming *n);

/* Closes all files, which are opened again as it is asked; those that were given, and a C library's archive,
 * are not known any more.  For who goes on for long.  0 or -ENOMEM: then all is as it was. */
int naming_forget_files(struct naming *n);

/* Gives it files that name what modules don't name themselves.  To be called before the first question.
 * `given` stays the caller's, and must live as long as the naming. */
void naming_debug_files(struct naming *n, struct debug_files *given);

/* Gives it a C library's archive as a reference for programs without symbols; NULL: none.  To be called
 * before the first question.  `archive` stays the caller's, and must live as long as the naming. */
void naming_refer(struct naming *n, const struct libc_archive *archive);

/* Names the word that `facts` tells of, and sets *out.  Returns 0 or -ENOMEM; the strings of *out are the
 * caller's in both cases. */
int naming_word(struct naming *n, const struct word_facts *facts, struct word_name *out);

/* Returns where the naming looks up the addresses of the process.  It is good for as long as both arguments.
 */
struct resolve_context naming_context(const struct naming *n, const struct address_space *space);

/* Finds the module that `address` of the process lies in: sets *module, which the naming owns, and *own, the
 * address in it.  Returns false when it lies in none. */
bool naming_resolve(struct naming *n, const struct address_space *space, uint64_t address,
                    const struct module **module, uint64_t *own);

/* Returns the path of the process's program, which the space owns; NULL: not known, or no mappings are. */
const char *naming_program_path(const struct address_space *space);

/* Sets *allocator to what the process allocates with, a static string: "unknown" when nothing tells, NULL
 * when no mappings are known.  Returns a sentence that tells how it was found, malloc'd; NULL when no
 * mappings are known, or out of memory. */
char *naming_allocator(struct naming *n, const struct address_space *space, const char **allocator);

/* Returns "lock" or "allocator", a static string, where `m` has no symbols and its code at `own` is known to
 * lock or to allocate; else NULL. */
const char *naming_code_class(struct naming *n, const struct module *m, uint64_t own);

/* Sets *libc to "glibc" or "musl", *linkage to "static", "static-pie" or "dynamic", and *allocator as
 * naming_allocator() does; static strings, NULL where it is not known. */
void naming_program(struct naming *n, const struct address_space *space, const char **libc,
                    const char **linkage, const char **allocator);

#endif
