/* One colour and one marker per allocator, the same in every figure and table; how a variant is linked is
 * told by the fill (static: filled, dynamic: hollow).  This is the only place where they are chosen. */
#ifndef HEAPWAIT_PALETTE_H
#define HEAPWAIT_PALETTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ink {
    uint32_t colour;    /* 0xRRGGBB */
    uint32_t words;     /* the same for text, dark enough to read on white (4.5 : 1) */
    int filled, hollow; /* gnuplot point types */
};

/* `nth` tells allocators apart that heapwait doesn't know (NULL is one of them): they share the spare
 * colours. */
struct ink palette_find(const char *allocator, size_t nth);

bool palette_knows(const char *allocator);

#endif
