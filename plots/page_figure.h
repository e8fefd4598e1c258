/* A figure of the HTML page: its picture, its caption, and the numbers behind it. */
#ifndef HEAPWAIT_PAGE_FIGURE_H
#define HEAPWAIT_PAGE_FIGURE_H

#include "plots/figure.h"
#include "plots/inks.h"

#include <stdio.h>

enum { PAGE_DATA_MOST = 300000 }; /* bytes of all figures' data in the page */

/* Writes the figure, of NAME.page.svg and NAME.tsv in `folder`, as number `number`; in place of one that
 * can't be drawn, why.  0 or negative errno, -ENOMEM without a sentence. */
int page_figure_write(FILE *out, const struct figure *figure, size_t number, const char *folder,
                      struct inks *inks, size_t *room, struct error *err);

#endif
