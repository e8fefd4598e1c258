/* The verdict: what the recording says, in sentences made from its data alone.  The one place for them: the
 * terminal and the report print the same.  Never assumes that musl is slower, that a lock was found or that
 * anything was measured: a sentence is made only where its data is there, and an interval that holds 1 is
 * told as comparison.h says. */
#ifndef HEAPWAIT_VERDICT_H
#define HEAPWAIT_VERDICT_H

#include "analysis/base/error.h"
#include "analysis/database.h"

#include <stddef.h>

/* Topics, in the order in which they come: loss, missing, run (a plain `record` only), slowdown, lock, calls,
 * account, cure, linkage, other, single_thread, published, overhead, noise. */
struct sentence {
    const char *topic; /* static string */
    char *text;        /* UTF-8 without control characters, ends with a full stop */
};

struct verdict {
    struct sentence *sentences;
    size_t count;
};

/* Makes a verdict of at least one sentence, to be freed with verdict_free().  0 or negative errno, with a
 * sentence. */
int verdict_make(struct database *db, struct verdict **out, struct error *err);

/* NULL is fine. */
void verdict_free(struct verdict *v);

#endif
