/* One colour and one marker for each allocator, the same in every figure and table.  How a variant is linked
 * is told by the fill (static: filled, dynamic: hollow).  This is the only place where they are chosen. */
#ifndef HEAPWAIT_PALETTE_H
#define HEAPWAIT_PALETTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ink {
    uint32_t colour;    /* 0xRRGGBB */
    uint32_t words;     /* the colour for text, dark enough to read on white (4.5 : 1) */
    int filled, hollow; /* gnuplot point types */
};

/* Returns the allocator's look.  Allocators that heapwait doesn't know (NULL is one) share the spare colours,
 * by `nth`. */
struct ink palette_find(const char *allocator, size_t nth);

/* Returns true if the allocator has a colour of its own. */
bool palette_knows(const char *allocator);

#endif
