/* See code_class.h. */
#include "probes/names/code_class.h"

#include "probes/names/allocators.h"
#include "probes/names/functions.h"

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
