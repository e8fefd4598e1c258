/* The whole analysis of a recording as one JSON document: the verdict, the losses, every view's rows, the
 * host and the study's settings.  Its shape is written down in docs/recording.md; what `heapwait explain
 * --json` prints and what the report is made from. */
#ifndef HEAPWAIT_JSON_H
#define HEAPWAIT_JSON_H

#include "analysis/base/error.h"
#include "analysis/database.h"

/* 0 and a malloc'd document with a newline at its end, or negative errno with a sentence. */
int json_all(struct database *db, char **out, struct error *err);

#endif
