/* A screen: a bounded number of lines and columns, of paragraphs, tables and blank lines, each with a rank.
 * What is of the highest rank is left out first where there is more than fits.  Text is copied when it is
 * added; it is UTF-8 without control characters.  If memory runs out the screen says so; NULL is one, too. */
#ifndef HEAPWAIT_SCREEN_H
#define HEAPWAIT_SCREEN_H

#include "cli/terminal/table.h"

struct screen;

/* `width` in columns.  NULL: out of memory. */
struct screen *screen_new(unsigned width);

/* Adds a paragraph, its first line behind `label` and the others as far indented, in `most` lines at most: an
 * ellipsis stands where it is cut.  `text` NULL: nothing. */
void screen_add(struct screen *p, unsigned rank, const char *label, const char *text, size_t most);

/* The same, emphasised on a terminal. */
void screen_add_strong(struct screen *p, unsigned rank, const char *label, const char *text, size_t most);

/* Adds the table, indented.  Its titles and first row have the rank, each further row a higher one. */
void screen_add_table(struct screen *p, unsigned rank, const char *indent, const struct table *t);

/* Adds a blank line; at the page's ends and beside another one it is none. */
void screen_add_blank(struct screen *p, unsigned rank);

/* Prints the page in `most` lines at most, without those of the highest rank if that must be: the last one of
 * them first, and a paragraph as a whole.  Lines of rank 0 stay. */
void screen_print(const struct screen *p, FILE *out, size_t most);

/* Returns `text` in `width` columns at most, an ellipsis in its middle where it was longer; malloc'd, NULL:
 * out of memory. */
char *screen_shorten(const char *text, unsigned width);

/* NULL is fine. */
void screen_free(struct screen *p);

#endif
