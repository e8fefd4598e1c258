/* The tables of `heapwait explain`: for each its SELECT, and how its columns are written.  The numbers are
 * the views'; the tables are printed in this order. */
#ifndef HEAPWAIT_EXPLAIN_SECTIONS_H
#define HEAPWAIT_EXPLAIN_SECTIONS_H

#include <stddef.h>

/* SHRINK: a column may be shortened; WIDE: it is left out of narrow tables. */
enum { SHRINK = 1, WIDE = 2 };

/* How a column is written, and from how many columns of the SELECT. */
enum cell_kind {
    CELL_END,
    CELL_TEXT,
    CELL_FILE, /* the last part of a path */
    CELL_COUNT,
    CELL_NS,
    CELL_DELTA, /* ns with its sign */
    CELL_BYTES,
    CELL_RATIO,
    CELL_SHARE,
    CELL_RATE,
    CELL_BAR, /* from -1 to 1; below zero it is drawn light */
    CELL_NS_RANGE,
    CELL_RATIO_RANGE,
    CELL_BYTES_RANGE
};

enum { COLUMN_MAX = 12 };

struct cell_column {
    const char *title;
    enum cell_kind kind;
    unsigned flags;
};

/* In headings and titles {subject} and {baseline} stand for what the verdict speaks of, {at threads} for " at
 * 4 threads". */
struct section {
    const char *heading;
    const char *note; /* a sentence below the table; NULL: none */
    const char *sql;
    struct cell_column columns[COLUMN_MAX];
};

/* Returns the table of *count sections, static. */
const struct section *explain_sections(size_t *count);

#endif
