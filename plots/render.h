/* A report from a recording: PDF, one self-contained HTML page, the figures and the data behind each.  There
 * are two steps: collecting reads the recording, which is not needed any more afterwards; drawing runs
 * gnuplot, poppler and Typst, and moves the whole into its folder at the end, so that there is never half a
 * report.
 *
 * int results are 0 or negative errno, with a sentence. */
#ifndef HEAPWAIT_RENDER_H
#define HEAPWAIT_RENDER_H

#include "analysis/base/error.h"
#include "analysis/database.h"

#include <stddef.h>

struct report;

/* Reads everything into a private folder on `folder`'s file system; `folder` itself need not exist yet.
 * Holds back SIGINT, SIGTERM and SIGHUP until report_free(), with which *out is to be freed.  -EIO, -EBUSY,
 * -EINVAL: the recording can't be read; others: the folder can't be written, or heapwait's own files are not
 * there. */
int report_collect(struct database *db, const char *folder, struct report **out, struct error *err);

/* Draws, and moves the result into the folder.  -EINTR: the user interrupted; nothing was written. */
int report_draw(struct report *report, struct error *err);

/* Returns why there is no PDF, after report_draw(): Typst is not there, and the HTML page is all; NULL: there
 * is one.  Owned by the report. */
const char *report_without_pdf(const struct report *report);

/* Return how many sentences the verdict has; the one of that index, owned by the report. */
size_t report_sentences(const struct report *report);
const char *report_sentence(const struct report *report, size_t index);

/* Removes the private folder, and lets the signals through again.  NULL is fine. */
void report_free(struct report *report);

#endif
