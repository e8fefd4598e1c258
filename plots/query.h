/* The few shapes of query that the figures need, over analysis/database.h.  In a query ?1 is the variant
 * (`variant` NULL: NULL) and ?2 the number of threads (negative: NULL), as far as it has them.  int results
 * are 0 or negative errno; the sentence is in `err`, but for -ENOMEM. */
#ifndef HEAPWAIT_QUERY_H
#define HEAPWAIT_QUERY_H

#include "analysis/base/error.h"
#include "analysis/database.h"

#include <sqlite3.h>
#include <stdint.h>

/* Prepares a statement and binds ?1 and ?2.  *out is the caller's to finalize. */
int query_open(struct database *db, const char *sql, const char *variant, int64_t threads, sqlite3_stmt **out,
               struct error *err);
/* Returns the column of the present row; NAN for NULL. */
double query_number(sqlite3_stmt *stmt, int column);
/* Sets *out to the first column of the first row, malloc'd; NULL: that is NULL, or there is no row. */
int query_text(struct database *db, const char *sql, const char *variant, int64_t threads, char **out,
               struct error *err);

/* A median with its interval: what most figures show.  runs is 0 when there is none. */
struct median {
    int64_t runs;
    double value, low, high, coverage;
};

/* Reads a median: `sql` selects runs, median, low, high, coverage. */
int query_median(struct database *db, const char *sql, const char *variant, int64_t threads,
                 struct median *out, struct error *err);

#endif
