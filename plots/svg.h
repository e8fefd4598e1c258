/* From the SVG that gnuplot draws to what stands in the HTML page.  It is read, and written anew from what
 * was understood: numbers, colours and words, so that nothing else of it can reach the page.  Colours become
 * variables (inks.h).  Texts stay texts.  Markers are drawn by `<use>` of the symbols that svg_symbols()
 * writes once for the page.
 *
 * gnuplot's hypertext is how a script tells where something is: "row N a" and "row N b" are two corners of
 * what a row of the data file is drawn as, "panel N a" and "panel N b" those of a panel (style.gp: hover()).
 * They become rectangles that the pointer finds. */
#ifndef HEAPWAIT_SVG_H
#define HEAPWAIT_SVG_H

#include "plots/inks.h"

#include <stdio.h>

/* Writes the inside of a figure's `<svg>`; rows from `rows` on have no place in it.  0;
 * -EPROTO: it is not such a file; -ENOMEM. */
int svg_write(FILE *out, const char *source, struct inks *inks, size_t rows);
/* Sets the size of gnuplot's canvas, in its units: 0, or -EPROTO. */
int svg_size(const char *source, double *width, double *height);

/* Writes the symbols of all markers, as one `<svg>` that is not shown. */
void svg_symbols(FILE *out);

#endif
