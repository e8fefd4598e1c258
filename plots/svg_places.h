/* Where the rows of a figure's data are on its picture, as the hypertexts in gnuplot's SVG tell (svg.h). */
#ifndef HEAPWAIT_SVG_PLACES_H
#define HEAPWAIT_SVG_PLACES_H

#include "plots/svg_tags.h"

#include <stdio.h>

struct svg_places {
    struct svg_place *items;
    size_t count, completed; /* completed: where the last second corner was noted */
    bool failed;             /* one found no memory */
};

/* Notes a hypertext that lies there; what is none of the two kinds is left out. */
void svg_places_note(struct svg_places *places, struct svg_span text, double x, double y);
/* Writes them: panels as <rect data-panel="N">, rows, the largest first, as <rect data-row="N">, none from
 * `rows` on.  0
 * or -ENOMEM. */
int svg_places_write(struct svg_places *places, FILE *out, size_t rows);
void svg_places_free(struct svg_places *places);

#endif
