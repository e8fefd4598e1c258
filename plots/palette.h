/* One colour and one marker per allocator, the same in every figure and table; how a variant is linked is
 * told by the fill (static: filled, dynamic: hollow).  The colours of known allocators stand in their rows
 * (allocator_table.h). */
#ifndef HEAPWAIT_PALETTE_H
#define HEAPWAIT_PALETTE_H

#include "analysis/base/allocator_table.h"

#include <stdbool.h>
#include <stddef.h>

/* Returns how `allocator` is drawn: as its row tells, and else in one of the spare colours, which are shared.
 * `nth` tells those apart that no row tells of (NULL is one of them). */
struct ink palette_find(const char *allocator, size_t nth);

/* Returns true if a row tells how `allocator` is drawn; NULL: false.  What stands behind the name, like a
 * version, doesn't matter. */
bool palette_knows(const char *allocator);

#endif
