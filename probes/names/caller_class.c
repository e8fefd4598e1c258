/* See caller_class.h. */
#include "probes/names/caller_class.h"

#include "probes/names/code_class.h"
#include "probes/names/functions.h"

#include <string.h>

static bool is_library(const struct module *m)
{
    static const char *const prefixes[] = {"libc.so",   "libc-2.",   "libpthread", "ld-musl-", "libc.musl-",
                                           "ld-linux-", "libstdc++", "libc++",     "libgcc_s", NULL};
    for (const char *const *prefix = prefixes; *prefix; prefix++)
        if (!strncmp(module_basename(m), *prefix, strlen(*prefix)))
            return true;
    return false;
}

const char *caller_class(const struct module *m, const struct symbol *s)
{
    const unsigned roles = s ? function_roles(s->name) : 0;
    if (roles & FUNCTION_WAITS)
        return "lock";
    if (roles & FUNCTION_ALLOCATES)
        return "allocator";
    const char *class = code_class(m, s);
    bool plain = !strcmp(class, "program") || !strcmp(class, "unknown");
    return plain && (roles & FUNCTION_OF_LANGUAGE || (m && is_library(m))) ? "library" : class;
}
