/* The colours, chosen to differ under the three colour blindnesses and, as far as ten can, in grey print. */
#include "plots/palette.h"

#include <string.h>

static const struct {
    const char *allocator;
    struct ink ink;
} known[] = {
    {"glibc", {0x164A9C, 0x164A9C, 5, 4}},      {"musl", {0xC4420A, 0xB83C06, 7, 6}},
    {"jemalloc", {0x2FA37C, 0x1C7A5A, 9, 8}},   {"mimalloc", {0xD98BD0, 0xA8489B, 13, 12}},
    {"tcmalloc", {0xD9A900, 0x8A6500, 11, 10}}, {"oldmalloc", {0x6B1A2A, 0x6B1A2A, 15, 14}},
};

static const struct ink spare[] = {
    {0x5F6C7B, 0x5F6C7B, 7, 6},
    {0x30888A, 0x23706F, 5, 4},
    {0x6B51AD, 0x6B51AD, 9, 8},
    {0x2B2F36, 0x2B2F36, 13, 12},
};

static const struct {
    const char *alias, *allocator;
} aliases[] = {
    {"ptmalloc", "glibc"},
    {"mallocng", "musl"},
    {"gperftools", "tcmalloc"},
};

/* Returns true if this is the allocator's name; "jemalloc 5.3.0" is jemalloc, too. */
static bool is_name(const char *allocator, const char *name)
{
    const size_t length = strlen(name);
    return !strncmp(allocator, name, length) && (allocator[length] == '\0' || allocator[length] == ' ');
}

static const struct ink *known_find(const char *allocator)
{
    for (size_t i = 0; allocator && i < sizeof aliases / sizeof *aliases; i++)
        if (is_name(allocator, aliases[i].alias))
            allocator = aliases[i].allocator;
    for (size_t i = 0; allocator && i < sizeof known / sizeof *known; i++)
        if (is_name(allocator, known[i].allocator))
            return &known[i].ink;
    return NULL;
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
