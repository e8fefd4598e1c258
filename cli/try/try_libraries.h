/* The libraries of `heapwait try`: found, given by --library, left out by --libraries; and whether each takes
 * over.  int results are 0 or negative errno, with a sentence. */
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
    const char *allocator; /* which allocator a traced run should find; NULL: not known */
    const char *package;   /* NULL: not known, or given by --library */
    enum preload_effect effect;
    char why[256]; /* with PRELOAD_NOT */
};

struct try_libraries {
    struct try_library items[TRY_MAX_LIBRARIES];
    size_t count;
};

/* Adds the library of --library NAME=FILE.  -EINVAL: the user must change it. */
int try_library_given(struct try_libraries *l, const char *text, struct error *err);

/* Adds the known libraries, with the path of those that are installed for this kind of program.  `list`: only
 * these names, with commas between, or `none`; NULL: all. */
int try_libraries_find(struct try_libraries *l, const char *list, const struct elf_kind *program,
                       struct error *err);

/* Asks the dynamic linker of each whether it takes over; `before` is the environment's own LD_PRELOAD; NULL:
 * none. */
int try_libraries_prove(struct try_libraries *l, const struct program *program, const char *before,
                        struct error *err);

/* Returns how many are installed. */
size_t try_libraries_present(const struct try_libraries *l);

/* Returns LD_PRELOAD's value for one of them, malloc'd; NULL: out of memory.  What is preloaded already stays
 * behind it. */
char *try_libraries_preload(const struct try_library *library, const char *before);

/* Prints "heapwait: not installed: tbbmalloc (package libtbbmalloc2), ..."; nothing if all are there. */
void try_libraries_missing_print(const struct try_libraries *l, FILE *out);

/* Returns the name of a package that has one of the libraries, for an example; a static string. */
const char *try_libraries_package(void);

/* Frees what *l holds. */
void try_libraries_free(struct try_libraries *l);

#endif
