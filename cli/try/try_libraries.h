/* The libraries of `heapwait try`: found, given by --library, left out by --libraries; whether each takes
 * over. */
#ifndef HEAPWAIT_TRY_LIBRARIES_H
#define HEAPWAIT_TRY_LIBRARIES_H

#include "analysis/base/error.h"
#include "probes/host/preload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TRY_BASELINE "own" /* the variant without any of them */
enum { TRY_MAX_LIBRARIES = 64 };

struct try_library {
    char *name;
    char *path;            /* NULL: not installed */
    const char *allocator; /* what a traced run should find it to be; NULL: not known */
    const char *package;   /* NULL: given by --library */
    enum preload_effect effect;
    char why[256]; /* with PRELOAD_NOT */
};

struct try_libraries {
    struct try_library items[TRY_MAX_LIBRARIES];
    size_t count;
};

/* --library NAME=FILE.  -EINVAL with a sentence. */
int try_library_given(struct try_libraries *l, const char *text, struct error *err);

/* Adds those that are installed for this kind of program; `list`: only these names, with commas between,
 * `none`, or NULL for all. */
int try_libraries_find(struct try_libraries *l, const char *list, const struct elf_kind *program,
                       struct error *err);

/* Asks for each whether it takes over; `before` is the environment's own LD_PRELOAD or NULL. */
int try_libraries_prove(struct try_libraries *l, const struct program *program, const char *before,
                        struct error *err);

/* How many can be run. */
size_t try_libraries_present(const struct try_libraries *l);

/* LD_PRELOAD's value for one of them, malloc'd; what is preloaded already stays behind it. */
char *try_libraries_preload(const struct try_library *library, const char *before);

/* "not installed: tbbmalloc (libtbbmalloc2), ..."; nothing when all are there. */
void try_libraries_missing_print(const struct try_libraries *l, FILE *out);

void try_libraries_free(struct try_libraries *l);

#endif
