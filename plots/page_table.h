/* A table of the HTML page, out of one query.  Its columns' kinds tell how the query's values are shown, and
 * by what the page sorts them. */
#ifndef HEAPWAIT_PAGE_TABLE_H
#define HEAPWAIT_PAGE_TABLE_H

#include "analysis/database.h"
#include "plots/lineup.h"
#include "plots/page_parts.h"

/* Behind each: what it takes of a row, in this order. */
enum page_cell {
    PAGE_VARIANT,     /* a variant's name */
    PAGE_WORDS,       /* a text */
    PAGE_NAME,        /* a name in a program */
    PAGE_LOCK,        /* a futex word's name, its module, how many more there are, how its name is known */
    PAGE_FUNCTION,    /* a function, the path to it, how that was found */
    PAGE_PROGRAM,     /* a program, its lock, that lock's allocator */
    PAGE_COUNT,       /* a number */
    PAGE_MS,          /* nanoseconds, shown in ms */
    PAGE_MS_RANGE,    /* lowest and highest nanoseconds */
    PAGE_RATIO,       /* a ratio */
    PAGE_RATIO_RANGE, /* lowest and highest */
    PAGE_RATE,        /* calls per password */
    PAGE_MIB,         /* bytes */
    PAGE_NS,          /* nanoseconds, in the unit that fits */
    PAGE_SHARE,       /* between 0 and 1 */
};

struct page_column {
    const char *heading;
    enum page_cell cell;
};

struct page_table {
    const char *id, *title; /* of the anchor; in the contents and before the caption */
    const char *caption;    /* what is in it; "%s" is there for the number of threads, once or not at all */
    /* Selects first why there is nothing to show but the first column, or NULL; then what the columns take.
     * ?2 is the number of threads that the verdict speaks of. */
    const char *sql;
    struct page_column columns[10]; /* the first without a heading ends them */
};

enum { PAGE_ROWS = 60 }; /* a table shows; how many there are is told */

/* Adds the table to the page; nothing, if it would have no rows.  0 or negative errno, -ENOMEM without a
 * sentence. */
int page_table_add(struct page_parts *parts, struct database *db, const struct lineup *lineup,
                   const struct page_table *table, struct error *err);

/* Writes the heading of a column, to be sorted by, and the beginning and the end of a table. */
void page_table_open(FILE *out, const char *id, const char *title, size_t number);
void page_table_close(FILE *out);

/* Write a swatch in a variant's colour, and milliseconds or another amount with three digits. */
void page_table_swatch(FILE *out, struct inks *inks, const struct variant *v);
void page_table_amount(FILE *out, double x);

#endif
