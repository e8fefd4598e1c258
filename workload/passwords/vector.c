/* Growth follows Rust's RawVec: at least what is needed, at least double, at least four. */
#include "workload/passwords/vector.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 4 };

#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(struct password) == 24, "an element is as large as Rust's String");
#endif

static int vector_reserve(struct password_vector *v, size_t more)
{
    size_t limit = PTRDIFF_MAX / sizeof(*v->items);
    size_t capacity;
    struct password *items;

    if (more <= v->capacity - v->count)
        return 0;
    if (more > limit - v->count || v->capacity > limit / 2)
        return -ENOMEM;
    capacity = v->capacity * 2;
    if (capacity < v->count + more)
        capacity = v->count + more;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY;
    items = v->items ? realloc(v->items, capacity * sizeof(*items)) : malloc(capacity * sizeof(*items));
    if (!items)
        return -ENOMEM;
    v->items = items;
    v->capacity = capacity;
    return 0;
}

int vector_push(struct password_vector *v, struct password item)
{
    int err = vector_reserve(v, 1);

    if (err)
        return err;
    v->items[v->count++] = item;
    return 0;
}

int vector_extend(struct password_vector *to, struct password_vector *from)
{
    int err = vector_reserve(to, from->count);

    if (err)
        return err;
    if (from->count > 0)
        memcpy(to->items + to->count, from->items, from->count * sizeof(*from->items));
    to->count += from->count;
    free(from->items);
    *from = (struct password_vector){0};
    return 0;
}

void vector_free(struct password_vector *v)
{
    for (size_t i = 0; i < v->count; i++)
        free(v->items[i].text);
    free(v->items);
    *v = (struct password_vector){0};
}
