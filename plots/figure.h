/* Makes the figures' files in a folder: NAME.tsv and NAME.def from the recording, then NAME.pdf and NAME.svg
 * with gnuplot and poppler.  There are two steps, since drawing is slow and needs no recording.
 *
 * int results are 0 or negative errno; the sentence is in `err`, but for -ENOMEM. */
#ifndef HEAPWAIT_FIGURE_H
#define HEAPWAIT_FIGURE_H

#include "analysis/base/error.h"
#include "analysis/database.h"
#include "plots/lineup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct figure {
    const char *name;  /* of its files, static */
    const char *title; /* what its caption starts with, static */
    char *caption;     /* what is to be seen in it, malloc'd */
    char *undrawable;  /* why it can't be drawn, malloc'd; NULL: it can */
    double height;     /* cm */
};

struct figures {
    struct figure *items;
    size_t count;
};

/* Writes the data of all figures that this recording can have to `folder`.  *out is to be freed with
 * figures_free() after an error, too. */
int figures_collect(struct database *db, const struct lineup *lineup, const char *folder, struct figures *out,
                    struct error *err);
/* Draws the figures from there.  `scripts` is the folder of the .gp files; `epoch`, in seconds since 1970, is
 * the date in the PDFs.  -EINTR: the user interrupted; -ENOENT: a program or a font is missing. */
int figures_draw(const struct figures *figures, const char *folder, const char *scripts, int64_t epoch,
                 struct error *err);
/* Frees what *figures holds. */
void figures_free(struct figures *figures);

/* Returns the names of every figure that any report can have, NULL at the end, static: whoever moves a report
 * into a folder clears away those of an older one. */
const char *const *figure_names(void);

#endif
