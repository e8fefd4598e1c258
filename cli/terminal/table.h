/* Plain-text tables for the terminal: right-aligned numbers, left-aligned words, fitted to a width by leaving
 * out columns that are for wide terminals and by shortening those that may shrink.  No line is ever wider.
 * Cells are UTF-8; a cell is copied when it is added.  Widths are in character cells.  If memory runs out the
 * table prints a line that says so; NULL is a table, too. */
#ifndef HEAPWAIT_TABLE_H
#define HEAPWAIT_TABLE_H

#include "analysis/base/number.h" /* number_count() and its like, for the cells */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table;

/* What a column gives up when the table is too wide; flags, and true is TABLE_SHRINK. */
enum table_fit {
    TABLE_SHRINK = 1, /* its cells are shortened, with an ellipsis in their middle */
    TABLE_WIDE = 2,   /* it is left out, and a line below the table names it */
};

struct table_column {
    const char *title;
    bool right;   /* align right */
    unsigned fit; /* 0: it stays whole as long as anything fits */
};

/* The columns are copied, their titles borrowed.  NULL: out of memory. */
struct table *table_new(const struct table_column *columns, size_t count);
/* Adds a row: `cells` has one string per column; NULL prints as an en dash ("not measured"). */
void table_add(struct table *t, const char *const *cells);
/* Prints the table; `width` 0: terminal_width(out).  Where not even the columns that stay whole have room,
 * the last of them are left out as well, and named. */
void table_print(const struct table *t, FILE *out, unsigned width);
void table_free(struct table *t);

/* What else a page in the terminal needs. */
unsigned table_cells_width(const char *text); /* in character cells, UTF-8 */
/* Prints `text` as a paragraph: its first line behind `first`, the others behind `indent`. */
void table_paragraph_print(const char *text, const char *first, const char *indent, FILE *out,
                           unsigned width);

#endif
