/* See descendants.h.  The set is a tree of libc's (tsearch(3)), whose elements are not pointers but the
 * numbers themselves. */
#include "probes/mappings/descendants.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>

struct descendants {
    void *root;
};

static const void *element_of(uint32_t pid)
{
    return (const void *)(uintptr_t)pid;
}

static int element_compare(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
    return (x > y) - (x < y);
}

static void element_free(void *element)
{
    (void)element;
}

struct descendants *descendants_new(void)
{
    return calloc(1, sizeof(struct descendants));
}

int descendants_add(struct descendants *d, uint32_t pid)
{
    return tsearch(element_of(pid), &d->root, element_compare) ? 0 : -ENOMEM;
}

bool descendants_have(const struct descendants *d, uint32_t pid)
{
    return tfind(element_of(pid), &d->root, element_compare) != NULL;
}

void descendants_remove(struct descendants *d, uint32_t pid)
{
    tdelete(element_of(pid), &d->root, element_compare);
}

void descendants_free(struct descendants *d)
{
    if (d)
        tdestroy(d->root, element_free);
    free(d);
}
