/* Whether a file has the tables of a recording. */
#ifndef HEAPWAIT_TABLES_H
#define HEAPWAIT_TABLES_H

#include "analysis/base/error.h"
#include "analysis/database.h"

/* Checks that each table of schema.sql is there as a real table, not as a view or a virtual table of the same
 * name, with each of its columns.  Others may be there besides.  `path` is for the sentences.  0 or negative
 * errno, with a sentence: -EINVAL: one is missing. */
int tables_check(struct database *db, const char *path, struct error *err);

#endif
