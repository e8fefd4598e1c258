/* Where things go in a figure: labels that must not lie on each other, and axes with round numbers.  Pure
 * functions; lengths are in whatever unit the caller uses. */
#ifndef HEAPWAIT_PLACE_H
#define HEAPWAIT_PLACE_H

#include <stddef.h>

/* Moves the positions as little as possible (least squares) so that any two are at least `gap` apart and all
 * lie in [low, high]; their order is kept, equal ones stay in index order.  If there is no room for all, they
 * are spread evenly over [low, high]. */
void place_spread(double *positions, size_t count, double gap, double low, double high);

/* Returns the distance between tics for an axis up to `max`: 1, 2, 2.5 or 5 times a power of ten, with `most`
 * steps at most. */
double place_step(double max, unsigned most);

#endif
