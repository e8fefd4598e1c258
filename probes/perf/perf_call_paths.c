/* See perf_call_paths.h. */
#include "probes/perf/perf_call_paths.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_STEPS = 1 << 20,
    MAX_NAME = 1024, /* longer symbols and paths are not worth their room */
};

struct perf_paths {
    struct perf_step *steps; /* number n is steps[n - 1] */
    size_t count, capacity;
    uint32_t *table; /* numbers of steps by hash_bytes() of them, open addressing; 0: free */
    size_t room;
    char **names; /* one copy of each string, open addressing by text; NULL: free */
    size_t name_room, name_count;
    uint64_t lost;
};

struct perf_paths *perf_paths_new(void)
{
    return calloc(1, sizeof(struct perf_paths));
}

void perf_paths_free(struct perf_paths *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->name_room; i++)
        free(p->names[i]);
    free(p->names);
    free(p->steps);
    free(p->table);
    free(p);
}

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/. */
static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const unsigned char *)data)[i]) * 1099511628211u;
    return hash;
}
static const uint64_t hash_start = 14695981039346656037u;

static size_t name_place(const struct perf_paths *p, const char *name)
{
    size_t at = (size_t)hash_bytes(hash_start, name, strlen(name)) & (p->name_room - 1);
    while (p->names[at] && strcmp(p->names[at], name) != 0)
        at = (at + 1) & (p->name_room - 1);
    return at;
}

static bool names_grow(struct perf_paths *p)
{
    if (p->name_count * 2 < p->name_room)
        return true;
    size_t before = p->name_room, room = before ? before * 2 : 256;
    char **old = p->names, **names = calloc(room, sizeof(*names));
    if (!names)
        return false;
    p->names = names;
    p->name_room = room;
    for (size_t i = 0; i < before; i++)
        if (old[i])
            p->names[name_place(p, old[i])] = old[i];
    free(old);
    return true;
}

/* Returns the tree's own copy of the name, so that equal names are equal pointers.  NULL: there is none, it
 * is too long, or no memory. */
static const char *name_keep(struct perf_paths *p, const char *name)
{
    if (!name || strlen(name) > MAX_NAME || !names_grow(p))
        return NULL;
    char **place = &p->names[name_place(p, name)];
    if (!*place && (*place = strdup(name)))
        p->name_count++;
    return *place;
}

static size_t step_place(const struct perf_paths *p, const struct perf_step *s)
{
    uint64_t hash = hash_bytes(hash_start, &s->address, sizeof(s->address));
    hash = hash_bytes(hash, &s->caller, sizeof(s->caller));
    hash = hash_bytes(hash, &s->space, sizeof(s->space));
    size_t at = (size_t)(hash ^ hash >> 32) & (p->room - 1);
    for (; p->table[at]; at = (at + 1) & (p->room - 1)) {
        const struct perf_step *o = &p->steps[p->table[at] - 1];
        if (o->address == s->address && o->caller == s->caller && o->space == s->space && o->dso == s->dso &&
            o->symbol == s->symbol && o->absolute == s->absolute)
            break;
    }
    return at;
}

static bool table_grow(struct perf_paths *p)
{
    if (p->count * 2 < p->room)
        return true;
    size_t room = p->room ? p->room * 2 : 1024;
    uint32_t *table = calloc(room, sizeof(*table));
    if (!table)
        return false;
    free(p->table);
    p->table = table;
    p->room = room;
    for (uint32_t i = 0; i < p->count; i++)
        p->table[step_place(p, &p->steps[i])] = i + 1;
    return true;
}

static uint32_t step_need(struct perf_paths *p, const struct perf_step *s)
{
    if (!table_grow(p))
        return 0;
    size_t at = step_place(p, s);
    if (p->table[at])
        return p->table[at];
    if (p->count == MAX_STEPS)
        return 0;
    if (p->count == p->capacity) {
        size_t larger = p->capacity ? p->capacity * 2 : 1024;
        struct perf_step *grown = reallocarray(p->steps, larger, sizeof(*grown));
        if (!grown)
            return 0;
        p->steps = grown;
        p->capacity = larger;
    }
    p->steps[p->count++] = *s;
    p->table[at] = (uint32_t)p->count;
    return p->table[at];
}

uint32_t perf_paths_add(struct perf_paths *p, const struct perf_record *r, uint32_t space, uint64_t samples)
{
    uint32_t number = 0;
    for (size_t i = r->frame_count; i-- > 0;) {
        const struct perf_frame *f = &r->frames[i];
        bool kernel = f->kernel;
        struct perf_step s = {.address = f->address,
                              .caller = number,
                              .space = kernel ? 0 : space,
                              .absolute = kernel || !r->has_path,
                              .kernel = kernel};
        s.dso = name_keep(p, f->dso);
        s.symbol = kernel ? name_keep(p, f->symbol) : NULL;
        number = step_need(p, &s);
        if (!number) {
            p->lost++;
            return 0;
        }
    }
    if (number)
        p->steps[number - 1].samples += samples;
    return number;
}

uint64_t perf_paths_lost(const struct perf_paths *p)
{
    return p->lost;
}

size_t perf_paths_count(const struct perf_paths *p)
{
    return p->count;
}

const struct perf_step *perf_paths_step(const struct perf_paths *p, uint32_t number)
{
    return number && number <= p->count ? &p->steps[number - 1] : NULL;
}
