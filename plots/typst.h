/* Typesetting: report.typ with its look, once to PDF and once to HTML, by a `typst` command (0.13 or newer)
 * where there is one, else by its compiler as a Node module. */
#ifndef HEAPWAIT_TYPST_H
#define HEAPWAIT_TYPST_H

#include "analysis/base/error.h"

#include <stdint.h>

/* 0: one of them is there. */
int typst_check(const char *scripts, struct error *err);

/* Makes report.pdf and report.html in `folder`, where analysis.json, figures.json and the figures lie. */
int typst_compile(const char *folder, const char *scripts, int64_t epoch, struct error *err);

#endif
