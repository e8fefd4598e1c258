/* Where the files lie that heapwait reads at run time: the schema, the views, the plots.
 * Looks in $HEAPWAIT_DATA, then beside the executable as `cmake --install` lays it out, then, for an
 * executable inside its build tree only, in the source tree.  A variable that is set is the only place that
 * is looked at. */
#ifndef HEAPWAIT_DATADIR_H
#define HEAPWAIT_DATADIR_H

#include "analysis/base/error.h"

/* Returns the path of `name` inside the data folder, malloc'd: "schema.sql", "views", "plots" or something
 * below one of them.  It could be read a moment ago.  NULL: it is not found, and `err` has the sentence. */
char *datadir_path(const char *name, struct error *err);

/* Returns the text of the file `name` inside the data folder, malloc'd.  NULL: it can't be read, or has more
 * than 1 MiB, and `err` has the sentence. */
char *datadir_read(const char *name, struct error *err);

#endif
