/* A report from a recording: PDF, one self-contained HTML page, the figures and the data behind each.
 * Two steps: collecting reads the recording and needs it no more afterwards; drawing runs gnuplot, poppler
 * and Typst and moves the whole into its folder at the end, so that there is never half a report. */
#ifndef HEAPWAIT_RENDER_H
#define HEAPWAIT_RENDER_H

#include "analysis/base/error.h"
#include "analysis/database.h"

#include <stddef.h>

struct report;

/* Reads everything into a private folder on `folder`'s file system (`folder` itself need not exist yet).
 * -EIO, -EBUSY, -EINVAL: the recording; others: writing. */
int report_collect(struct database *db, const char *folder, struct report **out, struct error *err);

/* Draws, and moves the result into the folder.  -EINTR: the user interrupted; nothing was written. */
int report_draw(struct report *report, struct error *err);

/* The verdict's sentences, for the terminal. */
size_t report_sentences(const struct report *report);
const char *report_sentence(const struct report *report, size_t index);

/* Removes the private folder, and lets SIGINT, SIGTERM and SIGHUP through again, which report_collect() held
 * back. NULL is fine. */
void report_free(struct report *report);

#endif
