/* Words of the subject (tests/probes/subject.c), and what they are called. */
#ifndef TESTS_PROBES_NAMES_NAMED_H
#define TESTS_PROBES_NAMES_NAMED_H

#include "probes/names/naming.h"
#include "tests/probes/names/place.h"

/* Where the subject is mapped. */
static const uint64_t subject_bias = 0x555500000000;

/* One word, and what it is called. */
struct named {
    struct naming *naming;
    struct word_name name;
};

/* Empties the place and maps the subject. */
void subject_map(struct place *p);

/* Names a word by a naming of its own.  named_free() frees both. */
void word_ask(struct named *n, const struct word_facts *facts);
void named_free(struct named *n);

/* Returns the symbol of that name in the place's first file. */
struct symbol symbol_of(const struct place *p, const char *name);

/* The word at the address is not malloc's, and is called so: how the name begins, or all of it. */
void assert_called(const struct place *p, uint64_t address, const char *expected, bool exactly);

/* Its name doesn't hold the text. */
void assert_not_called(const struct place *p, uint64_t address, const char *forbidden);

#endif
