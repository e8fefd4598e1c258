/* Who is in a recording: its variants with their looks, its thread counts, and what the verdict speaks of.
 * It is read once; every figure shows it in the same order, with the absent ones.  A line-up owns all that it
 * points to. */
#ifndef HEAPWAIT_LINEUP_H
#define HEAPWAIT_LINEUP_H

#include "analysis/base/error.h"
#include "analysis/database.h"
#include "plots/palette.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct variant {
    char *name;    /* NULL: the one command of a plain `heapwait record` */
    char *command; /* that command, as recorded; NULL: the variant has a name */
    char *full;    /* the name or command, fit to be shown */
    char *label;   /* the same, shortened: what figures and captions call the variant */
    char *missing; /* why there is nothing of it at all; NULL: there is something */
    bool is_static;
    struct ink ink;
};

/* More than a page has room for. */
enum { VARIANTS_SHOWN = 60, THREADS_SHOWN = 64 };

struct lineup {
    struct variant *variants;
    size_t count;
    int64_t *threads; /* ascending; -1: the command chose, and heapwait doesn't know */
    size_t thread_count;
    size_t variants_cut, threads_cut; /* how many more the recording has: they are not shown */
    bool study;                       /* false: a plain `heapwait record` */
    bool ledger;                      /* there are ledger runs */
    size_t flames;                    /* variants with samples that have call paths, at subject_threads */
    char *baseline;                   /* NULL: there is none */
    char *subject;                    /* whom the verdict is about; NULL: nothing to compare */
    int64_t subject_threads;          /* at how many threads; without a subject, the most there are */
    int64_t cores;                    /* 0: not known */
};

/* Reads *out, which is to be freed with lineup_free().  0 or negative errno, and then there is nothing to
 * free; the sentence is in `err`, but for -ENOMEM. */
int lineup_read(struct database *db, struct lineup *out, struct error *err);
void lineup_free(struct lineup *lineup);

/* Returns the variant of that name; NULL: there is none. */
const struct variant *lineup_find(const struct lineup *lineup, const char *name);

#endif
