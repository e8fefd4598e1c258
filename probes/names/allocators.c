/* See allocators.h. */
#include "probes/names/allocators.h"

#include "probes/names/functions.h"

#include <string.h>

static bool begins(const char *text, const char *prefix)
{
    return !strncmp(text, prefix, strlen(prefix));
}

static bool begins_with_one(const char *text, const char *const *prefixes)
{
    for (; prefixes && *prefixes; prefixes++)
        if (begins(text, *prefixes))
            return true;
    return false;
}

static bool holds_part(const char *text, const char *const *parts)
{
    for (; parts && *parts; parts++)
        if (strstr(text, *parts))
            return true;
    return false;
}

static bool is_one(const char *text, const char *const *names)
{
    for (; names && *names; names++)
        if (!strcmp(text, *names))
            return true;
    return false;
}

enum { MAX_ASKED = 128 };

/* Announces all names that this file asks `m` for, since the first answer costs the reading of all symbols.
 */
static void questions_announce(const struct module *m)
{
    static const char *names[MAX_ASKED] = {"malloc", "free", "__dls2b", "__libc_setup_tls", "__init_libc"};
    static size_t count;
    if (!count) {
        size_t n = 5;
        for (const struct allocator *a = allocator_table(); a->name; a++)
            for (const char *const *mark = a->markers; mark && *mark && n < MAX_ASKED; mark++)
                names[n++] = *mark;
        count = n;
    }
    module_symbols_expect(m, names, count);
}

static const char *held(const struct module *m, const char *const *symbols)
{
    questions_announce(m);
    for (; symbols && *symbols; symbols++)
        if (module_symbol_named(m, *symbols))
            return *symbols;
    return NULL;
}

static bool holds_one(const struct module *m, const char *const *symbols)
{
    return held(m, symbols) != NULL;
}

const struct allocator *allocator_of_library(const struct module *m)
{
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (a->library && begins(module_basename(m), a->library))
            return a;
    return NULL;
}

static bool is_of_libc(const struct allocator *a, const char *libc)
{
    return a->libc && !strcmp(a->libc, libc);
}

const struct allocator *allocator_of_libc_lock(const char *libc, const char *object)
{
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (is_of_libc(a, libc) && is_one(object, a->locks))
            return a;
    return NULL;
}

const char *allocator_libc_of_module(const struct module *m)
{
    const char *name = module_basename(m);
    questions_announce(m);
    if (begins(name, "libc.so.6") || begins(name, "libc-2."))
        return "glibc";
    if (begins(name, "ld-musl-") || begins(name, "libc.musl-") || module_symbol_named(m, "__dls2b"))
        return "musl"; /* its dynamic linker and its library are one file, which Debian calls libc.so */
    if (module_symbol_named(m, "__libc_setup_tls"))
        return "glibc";
    return module_symbol_named(m, "__init_libc") ? "musl" : NULL;
}

/* Whether the module has an allocator that never has a file to itself: a sanitizer's, Go's. */
static bool holds_more(const struct module *m)
{
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (!a->library && !a->libc && holds_one(m, a->markers))
            return true;
    return false;
}

bool allocator_is_library(const struct module *m)
{
    if (allocator_of_library(m))
        return true;
    if (holds_more(m))
        return false;
    return !module_is_dynamic(m) && !allocator_libc_of_module(m) && module_exports(m, "malloc") &&
           module_exports(m, "free");
}

/* The malloc of a C library that has none of its markers.  musl has had two mallocs, and without symbols its
 * version can't be told. */
static const struct allocator *allocator_of_stripped_libc(const char *libc)
{
    static const struct allocator musl_unknown = {.name = "musl malloc", .libc = "musl"};
    const struct allocator *only = NULL;
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (is_of_libc(a, libc)) {
            if (only)
                return &musl_unknown;
            only = a;
        }
    return only;
}

const struct allocator *allocator_of_module(const struct module *m)
{
    const struct allocator *library = allocator_of_library(m);
    if (library)
        return library;
    if (!module_symbol_named(m, "malloc"))
        return NULL;
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (holds_one(m, a->markers))
            return a;
    const char *libc = module_exports(m, "malloc") ? allocator_libc_of_module(m) : NULL;
    return libc ? allocator_of_stripped_libc(libc) : NULL;
}

const struct allocator *allocator_within(const struct module *m, const char **marker)
{
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (!a->libc && (*marker = held(m, a->markers)))
            return a;
    return NULL;
}

const char *allocator_marker(const struct module *m, const struct allocator *a)
{
    return held(m, a->markers);
}

/* Whether the module is the allocator's library or has the allocator linked in. */
static bool is_in(const struct module *m, const struct allocator *a)
{
    return allocator_of_library(m) == a || holds_one(m, a->markers);
}

const struct allocator *allocator_of_lock(const struct module *m, const char *object)
{
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if ((is_one(object, a->locks) || begins_with_one(object, a->lock_prefixes)) && is_in(m, a))
            return a;
    return NULL;
}

const struct allocator *allocator_of_function(const struct module *m, const char *function)
{
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (begins_with_one(function, a->functions) && is_in(m, a))
            return a;
    return NULL;
}

bool allocator_locks_with(const char *function)
{
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (holds_part(function, a->locking))
            return true;
    return false;
}

bool allocator_samples_lock(const char *function)
{
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (begins_with_one(function, a->locking_samples))
            return true;
    return false;
}

const char *allocator_role_of(const struct allocator *a, const char *function)
{
    for (const struct allocator_role *r = a->roles; r && r->part; r++)
        if (strstr(function, r->part))
            return r->role;
    return NULL;
}

bool allocator_has_function(const struct module *m, const char *function)
{
    if (function_roles(function) & FUNCTION_MALLOC || allocator_of_function(m, function))
        return true;
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (is_one(function, a->internals) && holds_one(m, a->markers))
            return true;
    return false;
}
