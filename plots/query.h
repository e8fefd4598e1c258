/* The few shapes of query that the figures need, over analysis/database.h. */
#ifndef HEAPWAIT_QUERY_H
#define HEAPWAIT_QUERY_H

#include "analysis/base/error.h"
#include "analysis/database.h"

#include <sqlite3.h>
#include <stdint.h>

/* A prepared statement with ?1 = variant (NULL: none) and ?2 = threads (-1: NULL) bound where it has them. */
int query_open(struct database *db, const char *sql, const char *variant, int64_t threads, sqlite3_stmt **out,
               struct error *err);
/* NAN for NULL. */
double query_number(sqlite3_stmt *stmt, int column);
/* The first column of the first row, malloc'd; *out is NULL when it is NULL or there is no row. */
int query_text(struct database *db, const char *sql, const char *variant, int64_t threads, char **out,
               struct error *err);

/* A median with its interval: what most figures show.  runs is 0 when there is none. */
struct median {
    int64_t runs;
    double value, low, high, coverage;
};

/* `sql` selects runs, median, low, high, coverage. */
int query_median(struct database *db, const char *sql, const char *variant, int64_t threads,
                 struct median *out, struct error *err);

#endif
