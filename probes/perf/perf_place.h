/* The place of the file that perf is to write.  It is taken before perf starts, so that no older file can be
 * read in its stead and no link is followed there.  What lay there is kept as FILE.old, as perf itself does.
 *
 * int results are 0 or negative errno, with a sentence. */
#ifndef HEAPWAIT_PERF_PLACE_H
#define HEAPWAIT_PERF_PLACE_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct perf_place {
    char *file;            /* malloc'd; NULL: the place is not taken */
    bool kept;             /* an older file was moved to FILE.old */
    dev_t device;          /* of the empty file that was made for perf */
    ino_t inode;           /* ditto */
    struct timespec begun; /* when the empty file was made, by the clock of its file system */
};

/* Moves an older file to FILE.old, and makes an empty one for perf that its owner alone may read.  -EEXIST:
 * what lies at FILE is no plain file with one name, or what lies at FILE.old no plain file, and stays.  After
 * an error the older file is back and *place holds nothing; else it is to be freed with perf_place_free(). */
int perf_place_take(struct perf_place *place, const char *file, struct error *err);

/* Checks after the run that perf has written the file.  -EIO: it is gone, empty, no plain file, or older than
 * the run. */
int perf_place_check(const struct perf_place *place, struct error *err);

/* To be called if perf couldn't begin: removes the empty file, and puts the older one back.  Does nothing if
 * the place is not taken. */
void perf_place_give_back(const struct perf_place *place);

/* Frees what *place holds; files stay. */
void perf_place_free(struct perf_place *place);

#endif
