/* Plain-text tables for the terminal: right-aligned numbers, left-aligned words, fitted to a width by
 * shortening the one column that may shrink.  Cells are UTF-8; a cell is copied when it is added. */
#ifndef HEAPWAIT_TABLE_H
#define HEAPWAIT_TABLE_H

#include "analysis/number.h" /* format_count() and its like, for the cells */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table;

struct table_column {
    const char *title;
    bool right;  /* align right */
    bool shrink; /* may be shortened with an ellipsis in its middle when the table is too wide */
};

struct table *table_new(const struct table_column *columns, size_t count);
/* `cells` has one string per column; NULL prints as an en dash ("not measured"). */
void table_add(struct table *t, const char *const *cells);
/* width in character cells; 0: as wide as the terminal behind `out`, or 120 when it is none. */
void table_print(const struct table *t, FILE *out, unsigned width);
void table_free(struct table *t);

#endif
