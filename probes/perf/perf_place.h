/* The place of the file that perf is to write: taken before perf starts, so that nothing older can be read
 * for it and no link be followed there.  What lay there is kept as FILE.old, as perf itself does. */
#ifndef HEAPWAIT_PERF_PLACE_H
#define HEAPWAIT_PERF_PLACE_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct perf_place {
    char *file;            /* NULL: not taken */
    bool kept;             /* an older one lies at FILE.old */
    dev_t device;          /* of the empty file that perf finds */
    ino_t inode;           /* ditto */
    struct timespec begun; /* by the clock of its file system */
};

/* Moves an older file to FILE.old and leaves an empty one for perf that its owner alone may read.
 * -EEXIST: what lies at one of the two is not a plain file, and stays. */
int perf_place_take(struct perf_place *place, const char *file, struct error *err);

/* Whether perf has written there since: -EIO, with a sentence. */
int perf_place_check(const struct perf_place *place, struct error *err);

/* perf couldn't begin: its file goes, and the older one comes back.  Nothing happens when it isn't taken. */
void perf_place_give_back(const struct perf_place *place);

void perf_place_free(struct perf_place *place);

#endif
