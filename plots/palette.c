/* See palette.h.  The spare colours differ from each other and from those of the table. */
#include "plots/palette.h"

static const struct ink spare[] = {
    {0x5F6C7B, 0x5F6C7B, 7, 6},
    {0x30888A, 0x23706F, 5, 4},
    {0x6B51AD, 0x6B51AD, 9, 8},
    {0x2B2F36, 0x2B2F36, 13, 12},
};

/* Returns how its row says it is drawn; NULL: it isn't in the table, or its row chooses none. */
static const struct ink *known_find(const char *allocator)
{
    const struct allocator *a = allocator_called(allocator);
    return a && a->ink.colour ? &a->ink : NULL;
}

bool palette_knows(const char *allocator)
{
    return known_find(allocator) != NULL;
}

struct ink palette_find(const char *allocator, size_t nth)
{
    const struct ink *ink = known_find(allocator);
    return ink ? *ink : spare[nth % (sizeof spare / sizeof *spare)];
}
