/* See spaces.h.  The spaces of a pid form a chain, latest first; a table finds the chain's head. */
#include "probes/mappings/spaces.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct space_node {
    struct address_space space;
    struct mapping *mappings;
    size_t capacity;
    uint32_t earlier; /* number of the space that the pid had before; 0: none */
};

struct spaces {
    struct space_node *nodes; /* number n is nodes[n - 1] */
    size_t count, capacity;
    uint32_t *heads; /* open addressing by pid; number of the latest space, 0: free */
    size_t head_room, head_count;
    char **paths; /* open addressing by text */
    size_t path_room, path_count;
    size_t mappings_left;
};

struct spaces *spaces_new(size_t max_mappings)
{
    struct spaces *s = calloc(1, sizeof(*s));
    if (s)
        s->mappings_left = max_mappings ? max_mappings : SIZE_MAX;
    return s;
}

void spaces_free(struct spaces *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        free(s->nodes[i].mappings);
    for (size_t i = 0; i < s->path_room; i++)
        free(s->paths[i]);
    free(s->nodes);
    free(s->heads);
    free(s->paths);
    free(s);
}

/* Knuth's multiplicative hash (TAOCP vol. 3, 6.4). */
static size_t head_place(const struct spaces *s, uint32_t pid)
{
    size_t at = (size_t)(pid * 2654435761u) & (s->head_room - 1);
    while (s->heads[at] && s->nodes[s->heads[at] - 1].space.pid != pid)
        at = (at + 1) & (s->head_room - 1);
    return at;
}

static int heads_grow(struct spaces *s)
{
    if (s->head_count * 2 < s->head_room)
        return 0;
    size_t before = s->head_room;
    uint32_t *old = s->heads, *heads = calloc(before ? before * 2 : 64, sizeof(*heads));
    if (!heads)
        return -ENOMEM;
    s->heads = heads;
    s->head_room = before ? before * 2 : 64;
    for (size_t i = 0; i < before; i++)
        if (old[i])
            s->heads[head_place(s, s->nodes[old[i] - 1].space.pid)] = old[i];
    free(old);
    return 0;
}

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/. */
static size_t path_place(const struct spaces *s, const char *path)
{
    uint64_t hash = 14695981039346656037u;
    for (const char *c = path; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    size_t at = (size_t)hash & (s->path_room - 1);
    while (s->paths[at] && strcmp(s->paths[at], path) != 0)
        at = (at + 1) & (s->path_room - 1);
    return at;
}

static int paths_grow(struct spaces *s)
{
    if (s->path_count * 2 < s->path_room)
        return 0;
    size_t before = s->path_room;
    char **old = s->paths, **paths = calloc(before ? before * 2 : 64, sizeof(*paths));
    if (!paths)
        return -ENOMEM;
    s->paths = paths;
    s->path_room = before ? before * 2 : 64;
    for (size_t i = 0; i < before; i++)
        if (old[i])
            s->paths[path_place(s, old[i])] = old[i];
    free(old);
    return 0;
}

const char *spaces_path(struct spaces *s, const char *path)
{
    if (paths_grow(s))
        return NULL;
    char **place = &s->paths[path_place(s, path)];
    if (!*place && (*place = strdup(path)))
        s->path_count++;
    return *place;
}

static struct space_node *node_latest(const struct spaces *s, uint32_t pid, uint64_t time_ns)
{
    uint32_t number = s->head_room ? s->heads[head_place(s, pid)] : 0;
    while (number && s->nodes[number - 1].space.since_ns > time_ns)
        number = s->nodes[number - 1].earlier;
    return number ? &s->nodes[number - 1] : NULL;
}

static struct space_node *node_add(struct spaces *s, uint32_t pid, uint64_t since_ns)
{
    if (s->count == s->capacity) {
        size_t larger = s->capacity ? s->capacity * 2 : 64;
        struct space_node *grown = reallocarray(s->nodes, larger, sizeof(*grown));
        if (!grown)
            return NULL;
        s->nodes = grown;
        s->capacity = larger;
    }
    if (heads_grow(s))
        return NULL;
    uint32_t *head = &s->heads[head_place(s, pid)];
    struct space_node *node = &s->nodes[s->count++];
    *node = (struct space_node){.space = {.pid = pid, .since_ns = since_ns}, .earlier = *head};
    s->head_count += !*head;
    *head = (uint32_t)s->count;
    return node;
}

static int mappings_reserve(struct space_node *node, size_t count)
{
    if (count <= node->capacity)
        return 0;
    size_t larger = node->capacity * 2 > count ? node->capacity * 2 : count;
    struct mapping *grown = reallocarray(node->mappings, larger, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    node->mappings = grown;
    node->space.mappings = grown;
    node->capacity = larger;
    return 0;
}

int spaces_map(struct spaces *s, uint32_t pid, uint64_t time_ns, const struct mapping *m)
{
    if (!s->mappings_left)
        return -ENOSPC;
    const char *path = spaces_path(s, m->path);
    struct space_node *node = node_latest(s, pid, time_ns);
    if (!node)
        node = node_add(s, pid, 0);
    if (!node || !path || mappings_reserve(node, node->space.mapping_count + 1))
        return -ENOMEM;
    node->mappings[node->space.mapping_count] = *m;
    node->mappings[node->space.mapping_count++].path = path;
    s->mappings_left--;
    return 0;
}

int spaces_exec(struct spaces *s, uint32_t pid, uint64_t time_ns)
{
    return node_add(s, pid, time_ns) ? 0 : -ENOMEM;
}

int spaces_fork(struct spaces *s, uint32_t pid, uint32_t parent, uint64_t time_ns)
{
    struct space_node *child = node_add(s, pid, time_ns);
    const struct space_node *from = child ? node_latest(s, parent, time_ns) : NULL;
    if (!child || !from || from == child || !from->space.mapping_count)
        return child ? 0 : -ENOMEM;
    if (from->space.mapping_count > s->mappings_left)
        return -ENOSPC;
    if (mappings_reserve(child, from->space.mapping_count))
        return -ENOMEM;
    s->mappings_left -= from->space.mapping_count;
    memcpy(child->mappings, from->mappings, from->space.mapping_count * sizeof(*child->mappings));
    child->space.mapping_count = from->space.mapping_count;
    return 0;
}

const struct address_space *spaces_at(const struct spaces *s, uint32_t pid, uint64_t time_ns)
{
    const struct space_node *node = node_latest(s, pid, time_ns);
    return node ? &node->space : NULL;
}

uint32_t spaces_now(struct spaces *s, uint32_t pid)
{
    struct space_node *node = node_latest(s, pid, UINT64_MAX);
    if (!node)
        node = node_add(s, pid, 0);
    return node ? (uint32_t)(node - s->nodes) + 1 : 0;
}

const struct address_space *spaces_get(const struct spaces *s, uint32_t number)
{
    return number && number <= s->count ? &s->nodes[number - 1].space : NULL;
}

size_t spaces_count(const struct spaces *s)
{
    return s->count;
}

/* The nodes move up in their array.  A chain is of one pid, so that it is kept or forgotten as a whole. */
void spaces_forget(struct spaces *s, bool (*keep)(void *context, uint32_t pid), void *context)
{
    size_t kept = 0;
    if (s->head_room)
        memset(s->heads, 0, s->head_room * sizeof(*s->heads));
    s->head_count = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct space_node *node = &s->nodes[i];
        if (!keep(context, node->space.pid)) {
            if (s->mappings_left != SIZE_MAX)
                s->mappings_left += node->space.mapping_count;
            free(node->mappings);
            continue;
        }
        s->nodes[kept] = *node;
        uint32_t *head = &s->heads[head_place(s, node->space.pid)];
        s->nodes[kept].earlier = *head; /* older ones stand before younger ones */
        s->head_count += !*head;
        *head = (uint32_t)++kept;
    }
    s->count = kept;
}
