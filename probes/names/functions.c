/* See functions.h.  Names are as compilers write them: C++ by the Itanium ABI (5.1, mangling), Rust by its
 * legacy scheme, which looks like C++, and by its own (RFC 2603).  A name has the roles of all rows that fit.
 */
#include "probes/names/functions.h"

#include "probes/names/allocators.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* The functions of locks themselves. */
    LOCK = FUNCTION_LOCKS | FUNCTION_PASSES | FUNCTION_WAITS,
    /* The way into the kernel.  Calls that read or sleep go the same way, and a sample's address doesn't tell
     * which call it is: so it is not FUNCTION_LOCKS.  On the path of a futex call it is known. */
    KERNEL = FUNCTION_PASSES | FUNCTION_WAITS,
    WAIT = FUNCTION_WAITS,
    ALLOCATE = FUNCTION_ALLOCATES,
    LANGUAGE = FUNCTION_OF_LANGUAGE,
};

enum match { BEGINS, HOLDS, IS };

static const struct {
    const char *text;
    enum match match;
    unsigned roles;
} table[] = {
    /* locks of musl and glibc */
    {"__lock", BEGINS, LOCK},
    {"__unlock", BEGINS, LOCK},
    {"__lll_", BEGINS, LOCK},
    {"lll_", BEGINS, LOCK},
    {"__GI___lll", BEGINS, LOCK},
    {"futex_", BEGINS, LOCK},
    {"__futex", BEGINS, LOCK},
    {"__timedwait", BEGINS, LOCK},
    {"__wait", BEGINS, LOCK},
    {"__wake", BEGINS, LOCK},
    {"pthread_mutex_", BEGINS, LOCK},
    {"pthread_mutex", BEGINS, FUNCTION_PASSES}, /* pthread_mutexattr_... too */
    {"__pthread_mutex", BEGINS, LOCK},
    {"___pthread_mutex", BEGINS, LOCK},
    {"__GI___pthread_mutex", BEGINS, LOCK},
    /* the way into the kernel: glibc's syscall(); musl's __syscall_cp_c and what it calls */
    {"syscall", BEGINS, KERNEL},
    {"__syscall", BEGINS, KERNEL},
    {"__cp_", BEGINS, KERNEL},
    {"sccp", BEGINS, KERNEL},
    /* waiting for something else than a lock */
    {"pthread_", BEGINS, WAIT},
    {"__pthread_", BEGINS, WAIT},
    {"___pthread_", BEGINS, WAIT},
    {"__GI___pthread_", BEGINS, WAIT},
    {"__tl_", BEGINS, WAIT},
    {"sem_wait", BEGINS, WAIT},
    {"sem_timedwait", BEGINS, WAIT},
    {"sem_clockwait", BEGINS, WAIT},
    {"sem_post", BEGINS, WAIT},
    {"__new_sem_", BEGINS, WAIT},
    {"cnd_", BEGINS, WAIT},
    {"mtx_", BEGINS, WAIT},
    {"_ZNSt18condition_variable", BEGINS, WAIT},
    {"_ZNSt6thread4join", BEGINS, WAIT},
    {"_ZNSt5mutex", BEGINS, WAIT},
    /* what is waited for: in C libraries, C++, Rust (lengths before names are a part of both of its schemes),
       Go */
    {"__lock", BEGINS, FUNCTION_FOR_LOCK},
    {"__unlock", BEGINS, FUNCTION_FOR_LOCK},
    {"__tl_lock", BEGINS, FUNCTION_FOR_LOCK},
    {"__tl_unlock", BEGINS, FUNCTION_FOR_LOCK},
    {"lll_lock", HOLDS, FUNCTION_FOR_LOCK},
    {"lll_mutex", HOLDS, FUNCTION_FOR_LOCK},
    {"pthread_mutex_", HOLDS, FUNCTION_FOR_LOCK},
    {"pthread_rwlock_", HOLDS, FUNCTION_FOR_LOCK},
    {"mtx_", BEGINS, FUNCTION_FOR_LOCK},
    {"_ZNSt5mutex", BEGINS, FUNCTION_FOR_LOCK},
    {"14lock_contended", HOLDS, FUNCTION_FOR_LOCK},
    {"14read_contended", HOLDS, FUNCTION_FOR_LOCK},
    {"15write_contended", HOLDS, FUNCTION_FOR_LOCK},
    {"lock_slow", HOLDS, FUNCTION_FOR_LOCK},
    {"lock_shared_slow", HOLDS, FUNCTION_FOR_LOCK},
    {"lock_exclusive_slow", HOLDS, FUNCTION_FOR_LOCK},
    {"runtime.lock", BEGINS, FUNCTION_FOR_LOCK},
    {"runtime.unlock", BEGINS, FUNCTION_FOR_LOCK},
    {"pthread_cond_", HOLDS, FUNCTION_FOR_CONDITION},
    {"cnd_", BEGINS, FUNCTION_FOR_CONDITION},
    {"_ZNSt18condition_variable", BEGINS, FUNCTION_FOR_CONDITION},
    {"7Condvar", HOLDS, FUNCTION_FOR_CONDITION},
    {"pthread_join", HOLDS, FUNCTION_FOR_END},
    {"timedjoin", HOLDS, FUNCTION_FOR_END},
    {"clockjoin", HOLDS, FUNCTION_FOR_END},
    {"thrd_join", IS, FUNCTION_FOR_END},
    {"_ZNSt6thread4join", BEGINS, FUNCTION_FOR_END},
    {"pthread_barrier_", HOLDS, FUNCTION_FOR_WORK},
    {"sem_wait", HOLDS, FUNCTION_FOR_WORK},
    {"sem_timedwait", BEGINS, FUNCTION_FOR_WORK},
    {"sem_clockwait", BEGINS, FUNCTION_FOR_WORK},
    {"sem_post", HOLDS, FUNCTION_FOR_WORK},
    {"6Parker", HOLDS, FUNCTION_FOR_WORK},
    {"6thread4park", HOLDS, FUNCTION_FOR_WORK},
    {"runtime.notesleep", IS, FUNCTION_FOR_WORK},
    {"runtime.notetsleep", BEGINS, FUNCTION_FOR_WORK},
    {"runtime.notewakeup", IS, FUNCTION_FOR_WORK},
    /* allocation by the C library's names; default_malloc is musl's */
    {"malloc", IS, FUNCTION_MALLOC},
    {"free", IS, FUNCTION_MALLOC},
    {"calloc", IS, FUNCTION_MALLOC},
    {"realloc", IS, FUNCTION_MALLOC},
    {"memalign", IS, FUNCTION_MALLOC},
    {"aligned_alloc", IS, FUNCTION_MALLOC},
    {"posix_memalign", IS, FUNCTION_MALLOC},
    {"default_malloc", IS, FUNCTION_MALLOC},
    {"reallocarray", IS, FUNCTION_MALLOC},
    {"cfree", IS, FUNCTION_MALLOC},
    {"malloc_usable_size", IS, FUNCTION_MALLOC},
    /* operators new and delete, and Rust's; newer ones of Rust's are mangled */
    {"_Znw", BEGINS, ALLOCATE},
    {"_Zna", BEGINS, ALLOCATE},
    {"_Zdl", BEGINS, ALLOCATE},
    {"_Zda", BEGINS, ALLOCATE},
    {"__rust_alloc", BEGINS, ALLOCATE},
    {"__rust_dealloc", BEGINS, ALLOCATE},
    {"__rust_realloc", BEGINS, ALLOCATE},
    {"__rdl_", BEGINS, ALLOCATE},
    {"__rg_", BEGINS, ALLOCATE},
    {"___rust_", HOLDS, ALLOCATE},
    {"___rdl_", HOLDS, ALLOCATE},
    /* copying, with all the endings that C libraries give it */
    {"memcpy", HOLDS, FUNCTION_COPIES},
    {"memmove", HOLDS, FUNCTION_COPIES},
    {"memset", HOLDS, FUNCTION_COPIES},
    {"mempcpy", HOLDS, FUNCTION_COPIES},
    /* standard libraries of C++ and, by the legacy scheme, Rust */
    {"_ZNSt", BEGINS, LANGUAGE},
    {"_ZNKSt", BEGINS, LANGUAGE},
    {"_ZSt", BEGINS, LANGUAGE},
    {"_ZNSs", BEGINS, LANGUAGE},
    {"_ZN9__gnu_cxx", BEGINS, LANGUAGE},
    {"_ZNK9__gnu_cxx", BEGINS, LANGUAGE},
    {"runtime.", BEGINS, LANGUAGE}, /* Go's */
    {"_ZN3std", BEGINS, LANGUAGE},
    {"_ZN4core", BEGINS, LANGUAGE},
    {"_ZN5alloc", BEGINS, LANGUAGE},
    {"_ZN9hashbrown", BEGINS, LANGUAGE},
};

static bool fits(const char *name, const char *text, enum match match)
{
    switch (match) {
    case BEGINS:
        return !strncmp(name, text, strlen(text));
    case HOLDS:
        return strstr(name, text) != NULL;
    default:
        return !strcmp(name, text);
    }
}

/* Whether a name of Rust's own scheme begins in a crate of the standard library.  The crate stands behind the
 * first C: maybe a disambiguator (s..._), the length of its name, its name. */
static bool is_of_rust(const char *name)
{
    static const char *const crates[] = {"std", "core", "alloc", "hashbrown"};
    const char *at = strncmp(name, "_R", 2) ? NULL : strchr(name, 'C');
    if (at && at[1] == 's')
        at = strchr(at, '_');
    if (!at || !isdigit((unsigned char)at[1]))
        return false;
    char *text;
    unsigned long length = strtoul(at + 1, &text, 10);
    for (size_t i = 0; i < sizeof(crates) / sizeof(crates[0]); i++)
        if (length == strlen(crates[i]) && !strncmp(text, crates[i], length))
            return true;
    return false;
}

unsigned function_roles(const char *name)
{
    unsigned roles = is_of_rust(name) ? FUNCTION_OF_LANGUAGE : 0;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (fits(name, table[i].text, table[i].match))
            roles |= table[i].roles;
    if (allocator_samples_lock(name))
        roles |= FUNCTION_LOCKS | FUNCTION_WAITS;
    /* locks of Rust's standard library, as std::sys::..::futex::Mutex::lock_contended */
    if (roles & FUNCTION_OF_LANGUAGE && strstr(name, "5futex"))
        roles |= FUNCTION_WAITS;
    return roles;
}
