/* The whole analysis of a recording as one JSON document: the answer, the verdict, the losses, every view's
 * rows, the host and the study's settings.  `heapwait explain --json` prints it, and the report is made from
 * it.  Its shape is written down in docs/recording.md. */
#ifndef HEAPWAIT_JSON_H
#define HEAPWAIT_JSON_H

#include "analysis/base/error.h"
#include "analysis/database.h"

/* Sets *out to the document, malloc'd, with a newline at its end.  0 or negative errno, with a sentence, and
 * *out is NULL then. */
int json_all(struct database *db, char **out, struct error *err);

/* The same for who can't take a document of any size: of each view, of the losses, and of the facts of the
 * host and of the study only the first `rows_most`.  What was cut is told in a further member, "cut":
 * [{"what": "host", "shown": 1000, "of": 200000}, ...]. */
int json_most(struct database *db, size_t rows_most, char **out, struct error *err);

#endif
