/* Typesetting: report.typ with its look, to PDF, by a `typst` command (0.13 or newer)
 * if there is one, else by its compiler as a Node module.  `scripts` is the folder of the .typ files.
 * Results are 0 or negative errno; the sentence is in `err`, but for -ENOMEM. */
#ifndef HEAPWAIT_TYPST_H
#define HEAPWAIT_TYPST_H

#include "analysis/base/error.h"

#include <stdint.h>

/* Checks that one of the two is there. */
int typst_check(const char *scripts, struct error *err);

/* Makes report.pdf in `folder`, where analysis.json, figures.json and the figures lie.
 * `epoch`, in seconds since 1970, is the PDF's date. */
int typst_compile(const char *folder, const char *scripts, int64_t epoch, struct error *err);

#endif
