/* A command given as one line of text: split into words the way a shell would (quotes, backslashes and
 * assignments before the command, nothing else: no variables, no globs, no shell), filled in, and written as
 * one line again. Owns text only; nothing is executed here. */
#ifndef HEAPWAIT_STUDY_WORDS_H
#define HEAPWAIT_STUDY_WORDS_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The placeholders that words_fill() replaces, wherever they stand in a word. */
#define PLACEHOLDER_THREADS   "{threads}"
#define PLACEHOLDER_PASSWORDS "{passwords}"

struct words {
    char **items; /* NULL-terminated, to be used as argv; NULL when empty */
    size_t count;
};

/* Splits `text`.  -EINVAL with a sentence: nothing in it, an unfinished quote, a control character. */
int words_split(const char *text, struct words *out, struct error *err);

/* How many words at the front set a variable, as a shell's simple command may begin: NAME=VALUE. */
size_t words_assignments(const struct words *words);

/* Copies `source` with every placeholder replaced by its number. */
int words_fill(const struct words *source, uint64_t threads, uint64_t passwords, struct words *out);

/* Whether any word holds `placeholder`. */
bool words_have(const struct words *words, const char *placeholder);

/* One line for reading, quoted where needed, so that words_split() of it gives the same words.  malloc'd;
 * NULL when out of memory. */
char *words_join(const struct words *words);

/* Appends a copy of `word`. */
int words_add(struct words *words, const char *word);

void words_free(struct words *words);

#endif
