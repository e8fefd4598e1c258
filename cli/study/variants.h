/* The table of variants that the build leaves behind (variants.tsv): the builds of the password program, and
 * for those that could not be built the reason.  `study` runs them, `doctor` lists them.  Reads only; that a
 * program really is what its row says is proved by the workload's tests. */
#ifndef HEAPWAIT_VARIANTS_H
#define HEAPWAIT_VARIANTS_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Everything is owned by the list.  NULL: the table says nothing. */
struct variant {
    char *name;
    char *libc, *linkage, *allocator;
    char *path;          /* absolute; NULL when absent */
    char *absent_reason; /* NULL: present */
};

struct variant_list {
    struct variant *items;
    size_t count;
};

/* Finds the table beside the executable (the build tree's workload/, else ../share/heapwait/) and reads it
 * into *list, which is to be freed with variants_free(); the environment's HEAPWAIT_VARIANTS names another.
 * 0 or negative errno, with a sentence, and then nothing is to be freed. */
int variants_load(struct variant_list *list, struct error *err);

/* Reads the text of a table in the same way.  `origin` is its file, for the sentences and for relative paths.
 */
int variants_parse(struct variant_list *list, const char *text, size_t size, const char *origin,
                   struct error *err);

/* Returns the variant of this name; NULL: there is none. */
const struct variant *variants_find(const struct variant_list *list, const char *name);

/* Returns true if this can be a variant's name.  Names go into lists, file names and figures: 1 to 40
 * printable characters without space , = / \ ' or ", and no - or dot at the beginning. */
bool variant_name_valid(const char *name);

void variants_free(struct variant_list *list);

#endif
