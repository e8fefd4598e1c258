/* Where the files lie that heapwait reads at run time: the schema, the views, the plots.
 * Looks in $HEAPWAIT_DATA, then beside the executable as `cmake --install` lays it out, then, for an
 * executable inside its build tree only, in the source tree.  A variable that is set is the only place that
 * is looked at. */
#ifndef HEAPWAIT_DATADIR_H
#define HEAPWAIT_DATADIR_H

#include "analysis/base/error.h"

/* The path of `name` inside the data folder: "schema.sql", "views", "plots" or something below one of them.
 * It existed a moment ago.  malloc'd, the caller frees it; NULL: not found, `err` has the sentence. */
char *datadir_path(const char *name, struct error *err);

#endif
