/* See call_tree.h.  Two hash tables with open addressing, at most half full: the nodes by (caller, frame),
 * and the strings, each kept once, so that frames are compared by pointers. */
#include "probes/measurement/call_tree.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 1 << 20, FIRST_SIZE = 256 };

struct table {
    uint32_t *numbers; /* 0: free; else an index, from 1, into what the table is of */
    size_t size;       /* a power of two, or 0 */
};

struct call_tree {
    struct call_node *nodes;
    size_t count, capacity, max;
    struct table by_frame;
    char **strings;
    size_t string_count, string_capacity;
    struct table by_text;
};

struct call_tree *call_tree_new(size_t max_nodes)
{
    struct call_tree *t = calloc(1, sizeof(*t));
    if (t)
        t->max = max_nodes && max_nodes < MAX_NODES ? max_nodes : MAX_NODES;
    return t;
}

void call_tree_free(struct call_tree *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->string_count; i++)
        free(t->strings[i]);
    free(t->strings);
    free(t->nodes);
    free(t->by_frame.numbers);
    free(t->by_text.numbers);
    free(t);
}

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/.  Numbers are taken as a whole, and their upper halves
 * brought down afterwards. */
static const uint64_t hash_start = 0xcbf29ce484222325, hash_factor = 0x100000001b3;

static uint64_t hash_text(const char *text)
{
    uint64_t hash = hash_start;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * hash_factor;
    return hash;
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    hash = (hash ^ number) * hash_factor;
    return hash ^ hash >> 29;
}

/* Here the strings are the tree's own: their addresses stand for them. */
static uint64_t hash_node(uint32_t caller, const struct call_frame *f)
{
    uint64_t hash = hash_number(hash_text(f->class), caller);
    hash = hash_number(hash, (uintptr_t)f->symbol);
    hash = hash_number(hash, (uintptr_t)f->module);
    return hash_number(hash, f->address);
}

static bool array_grow(void **array, size_t *capacity, size_t count, size_t each)
{
    if (count < *capacity)
        return true;
    size_t larger = *capacity ? 2 * *capacity : FIRST_SIZE;
    void *grown = reallocarray(*array, larger, each);
    if (!grown)
        return false;
    *array = grown;
    *capacity = larger;
    return true;
}

static void table_put(struct table *table, uint64_t hash, uint32_t number)
{
    size_t at = hash & (table->size - 1);
    while (table->numbers[at])
        at = (at + 1) & (table->size - 1);
    table->numbers[at] = number;
}

static uint64_t hash_entry(const struct call_tree *t, const struct table *table, size_t i)
{
    return table == &t->by_text ? hash_text(t->strings[i])
                                : hash_node(t->nodes[i].caller, &t->nodes[i].frame);
}

/* Makes sure that one more entry leaves the table at most half full. */
static bool table_grow(const struct call_tree *t, struct table *table, size_t count)
{
    if (2 * (count + 1) <= table->size)
        return true;
    struct table larger = {.size = table->size ? 2 * table->size : 4 * (size_t)FIRST_SIZE};
    if (!(larger.numbers = calloc(larger.size, sizeof(*larger.numbers))))
        return false;
    for (size_t i = 0; i < count; i++)
        table_put(&larger, hash_entry(t, table, i), (uint32_t)i + 1);
    free(table->numbers);
    *table = larger;
    return true;
}

/* Returns the tree's own copy of the text; NULL: the text is NULL, or no memory. */
static const char *text_keep(struct call_tree *t, const char *text)
{
    if (!text || !table_grow(t, &t->by_text, t->string_count))
        return NULL;
    uint64_t hash = hash_text(text);
    const struct table *table = &t->by_text;
    for (size_t at = hash & (table->size - 1); table->numbers[at]; at = (at + 1) & (table->size - 1))
        if (!strcmp(t->strings[table->numbers[at] - 1], text))
            return t->strings[table->numbers[at] - 1];
    char *copy = NULL;
    if (!array_grow((void **)&t->strings, &t->string_capacity, t->string_count, sizeof(*t->strings)) ||
        !(copy = strdup(text)))
        return NULL;
    t->strings[t->string_count++] = copy;
    table_put(&t->by_text, hash, (uint32_t)t->string_count);
    return copy;
}

static bool frame_same(const struct call_frame *a, const struct call_frame *b)
{
    return a->symbol == b->symbol && a->module == b->module && a->address == b->address &&
           !strcmp(a->class, b->class);
}

/* Returns the caller's node for the frame, made if it is not there, or negative errno. */
static int64_t node_find(struct call_tree *t, uint32_t caller, const struct call_frame *frame)
{
    struct call_frame own = {
        .symbol = text_keep(t, frame->symbol), .module = text_keep(t, frame->module), .class = frame->class};
    if ((frame->symbol && !own.symbol) || (frame->module && !own.module) ||
        !table_grow(t, &t->by_frame, t->count))
        return -ENOMEM;
    own.address = own.symbol ? 0 : frame->address;
    uint64_t hash = hash_node(caller, &own);
    const struct table *table = &t->by_frame;
    for (size_t at = hash & (table->size - 1); table->numbers[at]; at = (at + 1) & (table->size - 1)) {
        const struct call_node *n = &t->nodes[table->numbers[at] - 1];
        if (n->caller == caller && frame_same(&n->frame, &own))
            return table->numbers[at];
    }
    if (t->count == t->max)
        return -ENOSPC;
    if (!array_grow((void **)&t->nodes, &t->capacity, t->count, sizeof(*t->nodes)))
        return -ENOMEM;
    t->nodes[t->count++] = (struct call_node){.caller = caller, .frame = own};
    table_put(&t->by_frame, hash, (uint32_t)t->count);
    return (int64_t)t->count;
}

int64_t call_tree_add(struct call_tree *t, const struct call_frame *path, size_t count, uint64_t samples)
{
    int64_t node = count ? 0 : -EINVAL;
    for (size_t i = count; i-- > 0 && node >= 0;)
        node = node_find(t, (uint32_t)node, &path[i]);
    if (node > 0)
        t->nodes[node - 1].samples += samples;
    return node;
}

size_t call_tree_count(const struct call_tree *t)
{
    return t->count;
}

const struct call_node *call_tree_node(const struct call_tree *t, uint32_t number)
{
    return number && number <= t->count ? &t->nodes[number - 1] : NULL;
}
