/* A SELECT's rows as one string, for asserting on many values at once. */
#ifndef HEAPWAIT_TEST_QUERY_H
#define HEAPWAIT_TEST_QUERY_H

#include "analysis/database.h"

/* Columns by '|', rows by '\n', NULL as "-", reals with nine significant digits.  malloc'd; fails the test on
 * error. */
char *query_rows(struct database *db, const char *sql);

#define assert_rows(db, sql, expected)                                                                       \
    do {                                                                                                     \
        char *rows_ = query_rows(db, sql);                                                                   \
        assert_string_equal(rows_, expected);                                                                \
        free(rows_);                                                                                         \
    } while (0)

#endif
