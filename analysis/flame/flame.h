/* The call paths of a recording (view `flame`) in the formats of other viewers.  A recording with several
 * variants or thread counts has one tree for each, a "cell"; what is asked for may be one of them or all.
 *
 * Folded: https://github.com/brendangregg/FlameGraph (README, "2. Fold stacks").  Speedscope:
 * https://www.speedscope.app/file-format-schema.json, a "sampled" profile for each cell.
 *
 * Both functions return 0 or negative errno, with a sentence; -ENODATA: there are no call paths of that
 * choice; -EIO and others: the recording can't be read.  Whether `out` took it all is the caller's to look
 * at.  Names are made fit to be shown (analysis/base/text.h). */
#ifndef HEAPWAIT_FLAME_H
#define HEAPWAIT_FLAME_H

#include "analysis/base/error.h"
#include "analysis/database.h"

#include <stdint.h>
#include <stdio.h>

struct flame_choice {
    const char *variant; /* NULL: all */
    int64_t threads;     /* -1: all */
};

/* Writes a line for each path that has samples of its own: "outermost;...;innermost N".  A name's semicolons
 * become colons: the format has no way to quote them.  With several cells each path begins with its cell's
 * name. */
int flame_write_folded(struct database *db, const struct flame_choice *choice, FILE *out, struct error *err);

/* Writes one JSON document.  `name`: the whole document's; `exporter`: who wrote it. */
int flame_write_speedscope(struct database *db, const struct flame_choice *choice, const char *name,
                           const char *exporter, FILE *out, struct error *err);

#endif
