/* Makes the figures' files in a folder of their own: data/NAME.tsv and NAME.def from the recording, then
 * figures/NAME.pdf and NAME.svg with gnuplot and poppler.  Two steps, since drawing is slow and needs no
 * recording. */
#ifndef HEAPWAIT_FIGURE_H
#define HEAPWAIT_FIGURE_H

#include "analysis/base/error.h"
#include "analysis/database.h"
#include "plots/lineup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct figure {
    const char *name;  /* of its files */
    const char *title; /* what its caption starts with */
    char *caption;     /* what to see in it */
    char *undrawable;  /* why it could not be drawn; NULL: drawn */
    double height;     /* cm */
};

struct figures {
    struct figure *items;
    size_t count;
};

int figures_collect(struct database *db, const struct lineup *lineup, const char *folder, struct figures *out,
                    struct error *err);
/* `scripts` is the folder of the .gp files. */
int figures_draw(const struct figures *figures, const char *folder, const char *scripts, int64_t epoch,
                 struct error *err);
void figures_free(struct figures *figures);

/* Every figure that any report can have, NULL at the end: what a move has to clear away of an older report.
 */
const char *const *figure_names(void);

#endif
