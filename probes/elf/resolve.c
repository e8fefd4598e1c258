/* See resolve.h. */
#include "probes/elf/resolve.h"

/* Returns the module of the i-th mapping, with its bias and its addresses in the process, from the first byte
 * to behind the last.  NULL: its file can't be read, or it was mapped after the time asked for. */
static const struct module *module_place(const struct resolve_context *c, size_t i, uint64_t *bias,
                                         uint64_t *low, uint64_t *high)
{
    const struct mapping *mapping = &c->space->mappings[i];
    const struct module *m =
        c->time_ns && mapping->since_ns > c->time_ns ? NULL : module_get(c->modules, mapping);
    if (!m || !module_bias(m, mapping, bias))
        return NULL;
    module_extent(m, low, high);
    *low += *bias;
    *high += *bias;
    return m;
}

/* Returns true if another file was mapped later over a part of the module: then all of it is gone (dlclose).
 */
static bool is_replaced(const struct resolve_context *c, size_t i, uint64_t low, uint64_t high)
{
    for (size_t later = i + 1; later < c->space->mapping_count; later++) {
        uint64_t bias, from, until;
        if (module_place(c, later, &bias, &from, &until) && from < high && until > low &&
            c->space->mappings[later].path != c->space->mappings[i].path)
            return true;
    }
    return false;
}

/* Asks the latest mapping first: it replaced whatever lay there before. */
bool resolve_address(void *context, uint64_t address, const struct module **module, uint64_t *own)
{
    const struct resolve_context *c = context;
    for (size_t i = c->space ? c->space->mapping_count : 0; i-- > 0;) {
        uint64_t bias, low, high;
        const struct module *m = module_place(c, i, &bias, &low, &high);
        if (!m || !module_contains(m, address - bias) || is_replaced(c, i, low, high))
            continue;
        *module = m;
        *own = address - bias;
        return true;
    }
    return false;
}
