/* What can be shown behind a stream: how wide, and whether in colour.  The rules of all output for people: 80
 * columns, up to 120 on a terminal that has them, and colour for nothing but emphasis. */
#ifndef HEAPWAIT_TERMINAL_H
#define HEAPWAIT_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

enum { TERMINAL_WIDTH = 80, TERMINAL_WIDTH_MOST = 120 };

/* Returns how many columns text for `out` may take: COLUMNS if that is set to a number, else those of the
 * terminal, and TERMINAL_WIDTH where there is none.  TERMINAL_WIDTH_MOST at most: longer lines are hard to
 * read. */
unsigned terminal_width(FILE *out);

/* Returns true if `out` is a terminal that obeys escape sequences: TERM is set, and not to "dumb". */
bool terminal_obeys(FILE *out);

/* Returns true if it may also be written on in bold and colour: NO_COLOR is not set, or to nothing. */
bool terminal_has_colour(FILE *out);

/* What is printed between these two stands out, as the first line of an answer should; they print nothing
 * where that can't be. */
void terminal_emphasis_begin(FILE *out);
void terminal_emphasis_end(FILE *out);

#endif
