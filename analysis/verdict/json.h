/* The whole analysis of a recording as one JSON document: the verdict, the losses, every view's rows, the
 * host and the study's settings.  `heapwait explain --json` prints it, and the report is made from it.  Its
 * shape is written down in docs/recording.md. */
#ifndef HEAPWAIT_JSON_H
#define HEAPWAIT_JSON_H

#include "analysis/base/error.h"
#include "analysis/database.h"

/* Sets *out to the document, malloc'd, with a newline at its end.  0 or negative errno, with a sentence, and
 * *out is NULL then. */
int json_all(struct database *db, char **out, struct error *err);

#endif
