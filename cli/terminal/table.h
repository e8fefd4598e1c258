/* Plain-text tables for the terminal: right-aligned numbers, left-aligned words, fitted to a width by
 * shortening the columns that may shrink.  Cells are UTF-8; a cell is copied when it is added.  Widths are in
 * character cells.  If memory runs out the table prints a line that says so; NULL is a table, too. */
#ifndef HEAPWAIT_TABLE_H
#define HEAPWAIT_TABLE_H

#include "analysis/base/number.h" /* number_count() and its like, for the cells */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table;

struct table_column {
    const char *title;
    bool right;  /* align right */
    bool shrink; /* may be shortened with an ellipsis in its middle when the table is too wide */
};

/* The columns are copied, their titles borrowed.  NULL: out of memory. */
struct table *table_new(const struct table_column *columns, size_t count);
/* Adds a row: `cells` has one string per column; NULL prints as an en dash ("not measured"). */
void table_add(struct table *t, const char *const *cells);
/* Prints the table; `width` 0: as wide as the terminal behind `out`, or 120 if it is none. */
void table_print(const struct table *t, FILE *out, unsigned width);
void table_free(struct table *t);

/* What else a page in the terminal needs. */
unsigned table_width(FILE *out);              /* the width that table_print() takes for 0 */
unsigned table_cells_width(const char *text); /* in character cells, UTF-8 */
bool table_heading_is_bold(FILE *out);        /* a terminal, and NO_COLOR is not set */
/* Prints `text` as a paragraph: its first line behind `first`, the others behind `indent`. */
void table_paragraph_print(const char *text, const char *first, const char *indent, FILE *out,
                           unsigned width);

#endif
