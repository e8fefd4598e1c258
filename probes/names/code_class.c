/* See code_class.h. */
#include "probes/names/code_class.h"

#include "probes/code/code_spin.h"
#include "probes/names/allocators.h"
#include "probes/names/functions.h"

#include <string.h>

const char *code_class(const struct module *m, const struct symbol *s)
{
    const unsigned roles = s ? function_roles(s->name) : 0;
    if (roles & FUNCTION_LOCKS)
        return "lock";
    if (roles & FUNCTION_COPIES)
        return "copy";
    if (m && (allocator_of_library(m) || (s && allocator_has_function(m, s->name))))
        return "allocator";
    return s ? "program" : "unknown";
}

/* Near a segment's ends less is read: half of it, and again. */
bool code_class_spins(const struct module *m, uint64_t own)
{
    enum { LEAST = 16 };
    uint8_t bytes[2 * SPIN_REACH];
    for (size_t before = SPIN_REACH;; before /= 2) {
        for (size_t after = SPIN_REACH; own >= before && after >= LEAST; after /= 2)
            if (module_bytes(m, own - before, bytes, before + after))
                return code_spin_at(bytes, before + after, before, own - before, &MACHINE_NATIVE);
        if (!before)
            return false;
    }
}

const char *code_class_at(const struct module *m, const struct symbol *s, uint64_t own)
{
    const char *class = code_class(m, s);
    return m && (!strcmp(class, "program") || !strcmp(class, "unknown")) && code_class_spins(m, own) ? "lock"
                                                                                                     : class;
}
