/* See code_class.h. */
#include "probes/names/code_class.h"

#include "probes/names/allocators.h"

#include <string.h>

/* Functions that take or release a lock, in any C library.  Those of a mutex may be the program's own locks;
 * in the password program there are none. */
static bool is_lock_function(const char *name)
{
    static const char *const prefixes[] = {"__lock",
                                           "__unlock",
                                           "__lll_",
                                           "lll_",
                                           "pthread_mutex_",
                                           "futex_",
                                           "__pthread_mutex",
                                           "___pthread_mutex",
                                           "__GI___pthread_mutex",
                                           "__GI___lll",
                                           "malloc_mutex_lock",
                                           "je_malloc_mutex",
                                           "__futex",
                                           "__timedwait",
                                           "__wait",
                                           "__wake"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
            return true;
    return false;
}

static bool is_copy_function(const char *name)
{
    static const char *const parts[] = {"memcpy", "memmove", "memset", "mempcpy"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strstr(name, parts[i]))
            return true;
    return false;
}

const char *code_class(const struct module *m, const struct symbol *s)
{
    if (s && is_lock_function(s->name))
        return "lock";
    if (s && is_copy_function(s->name))
        return "copy";
    if (m && (allocator_of_library(m) || (s && allocator_has_function(m, s->name))))
        return "allocator";
    return s ? "program" : "unknown";
}
