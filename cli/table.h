/* Plain-text tables for the terminal: right-aligned numbers, left-aligned words, fitted to a width by
 * shortening the one column that may shrink.  Cells are UTF-8; a cell is copied when it is added. */
#ifndef HEAPWAIT_TABLE_H
#define HEAPWAIT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

/* Numbers for people.  Each writes into `buffer` (at least 32 bytes) and returns it.
 * 1234567 -> "1 234 567" (U+202F between groups); 1534 ns -> "1.53 µs"; 0.4 -> "0.40". */
char *format_count(char *buffer, uint64_t n);
char *format_ns(char *buffer, uint64_t ns);
char *format_bytes(char *buffer, uint64_t bytes);
char *format_ratio(char *buffer, double ratio);

#endif
