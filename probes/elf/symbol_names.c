/* See symbol_names.h. */
#include "probes/elf/symbol_names.h"

#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 256 << 10,
    MAX_PLACES = 1 << 16, /* more are not kept: a hostile file could have any number */
    BITS = 1 << 16,
};

struct place {
    uint32_t offset;
    uint32_t name;
};

struct name_places {
    const char *const *names;
    size_t *lengths;
    size_t count;
    struct place *places; /* ordered by offset */
    size_t place_count, place_capacity;
    uint8_t endings[BITS / 8]; /* the last two bytes of the names, as a set */
    uint8_t offsets[BITS / 8]; /* the lower 16 bits of the places, as a set */
};

static void bit_set(uint8_t *set, unsigned bit)
{
    set[bit / 8] |= (uint8_t)(1u << bit % 8);
}

static bool bit_get(const uint8_t *set, unsigned bit)
{
    return set[bit / 8] >> bit % 8 & 1;
}

/* Returns the last two bytes of what ends before `end`; a name of one byte has 0 in the other's place. */
static unsigned ending(const char *end, size_t length)
{
    return (unsigned char)end[-1] | (length > 1 ? (unsigned)(unsigned char)end[-2] << 8 : 0);
}

static bool place_add(struct name_places *p, uint64_t offset, size_t name)
{
    if (offset > UINT32_MAX || p->place_count == MAX_PLACES)
        return true;
    if (p->place_count == p->place_capacity) {
        size_t larger = p->place_capacity ? p->place_capacity * 2 : 64;
        struct place *grown = reallocarray(p->places, larger, sizeof(*grown));
        if (!grown)
            return false;
        p->places = grown;
        p->place_capacity = larger;
    }
    p->places[p->place_count++] = (struct place){(uint32_t)offset, (uint32_t)name};
    bit_set(p->offsets, (unsigned)offset & (BITS - 1));
    return true;
}

/* Takes note of the names that a string of the table, or the part of it that was kept, ends with.
 * end_offset: where its end lies in the table. */
static bool string_take(struct name_places *p, const char *start, const char *end, uint64_t end_offset)
{
    size_t length = (size_t)(end - start);
    if (!length || (!bit_get(p->endings, ending(end, length)) && !bit_get(p->endings, ending(end, 1))))
        return true;
    for (size_t i = 0; i < p->count; i++)
        if (p->lengths[i] <= length && !memcmp(end - p->lengths[i], p->names[i], p->lengths[i]) &&
            !place_add(p, end_offset - p->lengths[i], i))
            return false;
    return true;
}

/* Reads the string table through.  A string that reaches into the next piece is begun again with it: what is
 * carried over is at most as long as a name. */
static bool strings_read(struct name_places *p, const struct elf_file *f, const struct elf_section *s)
{
    char *buffer = malloc(NAME_ROOM + PIECE);
    size_t carried = 0;
    bool fine = buffer != NULL;
    for (uint64_t at = 0; fine && at < s->size;) {
        size_t n = s->size - at < PIECE ? (size_t)(s->size - at) : PIECE;
        if (!(fine = elf_file_read(f, s->file_offset + at, buffer + carried, n)))
            break;
        const char *start = buffer, *all = buffer + carried + n;
        for (const char *end; fine && (end = memchr(start, 0, (size_t)(all - start))); start = end + 1)
            fine = string_take(p, start, end, at + n - (size_t)(all - end));
        at += n;
        carried = (size_t)(all - start) < NAME_ROOM ? (size_t)(all - start) : NAME_ROOM;
        memmove(buffer, all - carried, carried);
    }
    free(buffer);
    return fine;
}

static int place_compare(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

struct name_places *name_places_new(const struct elf_file *f, const struct elf_section *strings,
                                    const char *const *names, size_t count)
{
    struct name_places *p = calloc(1, sizeof(*p));
    if (!p || !(p->lengths = calloc(count, sizeof(*p->lengths)))) {
        free(p);
        return NULL;
    }
    p->names = names;
    p->count = count;
    for (size_t i = 0; i < count; i++) {
        p->lengths[i] = strlen(names[i]);
        bit_set(p->endings, ending(names[i] + p->lengths[i], p->lengths[i]));
    }
    if (!strings_read(p, f, strings)) {
        name_places_free(p);
        return NULL;
    }
    if (p->place_count)
        qsort(p->places, p->place_count, sizeof(*p->places), place_compare);
    return p;
}

void name_places_free(struct name_places *p)
{
    if (!p)
        return;
    free(p->lengths);
    free(p->places);
    free(p);
}

bool name_places_find(const struct name_places *p, uint32_t place, size_t *name)
{
    if (!bit_get(p->offsets, place & (BITS - 1)))
        return false;
    const struct place key = {.offset = place};
    const struct place *found =
        p->place_count ? bsearch(&key, p->places, p->place_count, sizeof(key), place_compare) : NULL;
    if (found)
        *name = found->name;
    return found != NULL;
}
