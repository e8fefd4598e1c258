/* See caller_class.h.  Names are as compilers write them: C++ by the Itanium ABI (5.1, mangling), Rust by its
 * legacy scheme, which looks like C++, and by its own (RFC 2603). */
#include "probes/names/caller_class.h"

#include "probes/names/code_class.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool begins_with_one(const char *text, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (!strncmp(text, *prefixes, strlen(*prefixes)))
            return true;
    return false;
}

static bool is_waiting(const char *name)
{
    static const char *const prefixes[] = {"syscall",
                                           "__syscall",
                                           "__cp_",
                                           "sccp",
                                           "pthread_",
                                           "__pthread_",
                                           "___pthread_",
                                           "__GI___pthread_",
                                           "__tl_",
                                           "sem_wait",
                                           "sem_timedwait",
                                           "sem_clockwait",
                                           "sem_post",
                                           "__new_sem_",
                                           "cnd_",
                                           "mtx_",
                                           "_ZNSt18condition_variable",
                                           "_ZNSt6thread4join",
                                           "_ZNSt5mutex",
                                           NULL};
    return begins_with_one(name, prefixes);
}

static bool is_allocation(const char *name)
{
    static const char *const prefixes[] = {
        "_Znw",         "_Zna",           "_Zdl",           "_Zda", /* operators new and delete */
        "__rust_alloc", "__rust_dealloc", "__rust_realloc", "__rdl_", "__rg_", NULL};
    return begins_with_one(name, prefixes) || strstr(name, "___rust_") ||
           strstr(name, "___rdl_"); /* newer ones are mangled */
}

/* The crate that a name of Rust's own scheme begins in: the first C, maybe with a disambiguator, and the
 * name's length. */
static bool rust_crate_is(const char *name, const char *const *crates)
{
    const char *at = strchr(name, 'C');
    if (at && at[1] == 's')
        at = strchr(at, '_');
    if (!at || !isdigit((unsigned char)at[1]))
        return false;
    char *text;
    unsigned long length = strtoul(at + 1, &text, 10);
    for (; *crates; crates++)
        if (length == strlen(*crates) && !strncmp(text, *crates, length))
            return true;
    return false;
}

static bool is_of_language(const char *name)
{
    static const char *const prefixes[] = {"_ZNSt",         "_ZNKSt",         "_ZSt",    "_ZNSs",
                                           "_ZN9__gnu_cxx", "_ZNK9__gnu_cxx", "_ZN3std", "_ZN4core",
                                           "_ZN5alloc",     "_ZN9hashbrown",  NULL};
    static const char *const crates[] = {"std", "core", "alloc", "hashbrown", NULL};
    return begins_with_one(name, prefixes) || (!strncmp(name, "_R", 2) && rust_crate_is(name, crates));
}

static bool is_library(const struct module *m)
{
    static const char *const prefixes[] = {"libc.so",   "libc-2.",   "libpthread", "ld-musl-", "libc.musl-",
                                           "ld-linux-", "libstdc++", "libc++",     "libgcc_s", NULL};
    return begins_with_one(module_basename(m), prefixes);
}

const char *caller_class(const struct module *m, const struct symbol *s)
{
    const char *class = code_class(m, s);
    if (s && is_waiting(s->name))
        return "lock";
    if (s && is_allocation(s->name))
        return "allocator";
    /* Rust's own locks: std::sys::..::futex::Mutex::lock_contended and their like */
    bool language = s && is_of_language(s->name);
    if (language && strstr(s->name, "5futex"))
        return "lock";
    bool plain = !strcmp(class, "program") || !strcmp(class, "unknown");
    return plain && (language || (m && is_library(m))) ? "library" : class;
}
