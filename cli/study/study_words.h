/* A command given as one line of text: split into words as a shell would split it (quotes, backslashes and
 * assignments before the command; no variables, no globs, no shell), filled in, and written as one line
 * again.  Owns text only; nothing is executed here.
 *
 * int results are 0 or negative errno; lists are to be freed with words_free(). */
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

/* Splits `text` into *out.  -EINVAL: nothing is in it, or an unfinished quote, or a control character.  With
 * a sentence; after an error nothing is to be freed. */
int words_split(const char *text, struct words *out, struct error *err);

/* Returns how many words at the front set a variable, as a shell's simple command may begin: NAME=VALUE. */
size_t words_assignments(const struct words *words);

/* Copies `source` to *out with every placeholder replaced by its number.  0 or -ENOMEM, and then nothing is
 * to be freed. */
int words_fill(const struct words *source, uint64_t threads, uint64_t passwords, struct words *out);

/* Returns true if any word holds `placeholder`. */
bool words_have(const struct words *words, const char *placeholder);

/* Returns one line for reading, quoted where needed, so that words_split() of it gives the same words;
 * malloc'd, NULL: out of memory. */
char *words_join(const struct words *words);

/* Appends a copy of `word`.  0 or -ENOMEM. */
int words_add(struct words *words, const char *word);

void words_free(struct words *words);

#endif
