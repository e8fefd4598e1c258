/* See resolve.h. */
#include "probes/elf/resolve.h"

/* A module at one of its places in the process. */
struct placed {
    const struct module *module;
    uint64_t bias;
    uint64_t low, high; /* its addresses in the process, from the first byte to behind the last */
};

/* Places the module of the i-th mapping.  Returns false if its file can't be read, or it was mapped after the
 * time asked for. */
static bool place(const struct resolve_context *c, size_t i, struct placed *p)
{
    const struct mapping *mapping = &c->space->mappings[i];
    p->module = c->time_ns && mapping->since_ns > c->time_ns ? NULL : module_get(c->modules, mapping);
    if (!p->module || !module_bias(p->module, mapping, &p->bias))
        return false;
    module_extent(p->module, &p->low, &p->high);
    p->low += p->bias;
    p->high += p->bias;
    return true;
}

static bool overlap(const struct mapping *a, const struct mapping *b)
{
    return a->start < b->start + b->length && b->start < a->start + a->length;
}

/* Whether the process's own program is in the file: it is mapped first, and loaded once. */
static bool is_program(const struct resolve_context *c, const struct module *m)
{
    for (size_t i = 0; i < c->space->mapping_count; i++)
        if (c->space->mappings[i].path[0] == '/')
            return module_get(c->modules, &c->space->mappings[i]) == m;
    return false;
}

/* Whether the i-th mapping, of which `p` was made, shows a piece of a file that stands elsewhere as a whole.
 * A library that was loaded twice (dlmopen) has two mappings of the same length. */
static bool is_piece(const struct resolve_context *c, size_t i, const struct placed *p)
{
    const struct mapping *mine = &c->space->mappings[i];
    for (size_t k = 0; k < c->space->mapping_count; k++) {
        const struct mapping *other = &c->space->mappings[k];
        struct placed its;
        if (k == i || other->length < mine->length || other->inode != mine->inode || overlap(mine, other) ||
            !place(c, k, &its) || its.module != p->module || its.bias == p->bias)
            continue;
        if (other->length > mine->length || (k < i && is_program(c, p->module)))
            return true;
    }
    return false;
}

/* Places the module of the i-th mapping as place() does, and leaves of a piece only what it shows. */
static bool place_or_piece(const struct resolve_context *c, size_t i, struct placed *p, bool *piece)
{
    const struct mapping *mapping = &c->space->mappings[i];
    if (!place(c, i, p))
        return false;
    *piece = is_piece(c, i, p);
    if (*piece) {
        p->low = mapping->start;
        p->high = mapping->start + mapping->length;
    }
    return true;
}

/* Returns true if another file was mapped later over a part of the module: then all of it is gone (dlclose).
 */
static bool is_replaced(const struct resolve_context *c, size_t i, const struct placed *p)
{
    for (size_t later = i + 1; later < c->space->mapping_count; later++) {
        struct placed its;
        bool piece;
        if (c->space->mappings[later].path == c->space->mappings[i].path || !place(c, later, &its) ||
            its.low >= p->high || its.high <= p->low)
            continue;
        if (place_or_piece(c, later, &its, &piece) && its.low < p->high && its.high > p->low)
            return true;
    }
    return false;
}

/* Asks the latest mapping first: it replaced whatever lay there before. */
static bool resolve(const struct resolve_context *c, uint64_t address, bool word,
                    const struct module **module, uint64_t *own)
{
    for (size_t i = c->space ? c->space->mapping_count : 0; i-- > 0;) {
        struct placed p;
        bool piece;
        if (!place(c, i, &p) || !module_contains(p.module, address - p.bias))
            continue;
        if (!place_or_piece(c, i, &p, &piece) || address < p.low || address >= p.high || (piece && word) ||
            (word && !module_is_data(p.module, address - p.bias)) || is_replaced(c, i, &p))
            continue;
        *module = p.module;
        *own = address - p.bias;
        return true;
    }
    return false;
}

bool resolve_address(void *context, uint64_t address, const struct module **module, uint64_t *own)
{
    return resolve(context, address, false, module, own);
}

bool resolve_word(const struct resolve_context *c, uint64_t address, const struct module **module,
                  uint64_t *own)
{
    return resolve(c, address, true, module, own);
}
