/* One look of `heapwait top` as text, in the order that was asked for. */
#ifndef HEAPWAIT_TOP_TABLE_H
#define HEAPWAIT_TOP_TABLE_H

#include "probes/run/live.h"

#include <stdbool.h>
#include <stdio.h>

/* By which column the rows are sorted; as it begins, zeroed: by none, and they stand as live_take() has them.
 */
struct top_order {
    char key; /* of the column; 0: none */
    bool reversed;
};

/* Takes a key for a column that is shown at this width: the first time its rows stand with the most first, or
 * in the alphabet's order, and the next time the other way round.  Returns false if the key is no column's.
 */
bool top_order_take(struct top_order *order, char key, unsigned width);

/* Prints `rows` processes at most, and no line wider than `width` cells; `bold`: the head in bold. */
void top_table_print(const struct live_view *view, const struct top_order *order, FILE *out, unsigned width,
                     unsigned rows, bool bold);

/* Prints which keys there are at this width, in one line without its end. */
void top_table_keys_print(FILE *out, unsigned width);

#endif
