/* See allocators.h.  Order matters where one binary holds two: musl's own malloc is still linked into a
 * program that defines malloc by mimalloc, so the guests come before the C libraries. */
#include "probes/names/allocators.h"

#include "probes/names/functions.h"

#include <string.h>

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ROLES(...) ((const struct allocator_role[]){__VA_ARGS__, {NULL, NULL}})

static const struct allocator allocators[] = {
    {
        .name = "jemalloc", /* je_: Debian's and most static builds'; _rjem_: Rust's tikv-jemallocator */
        .library = "libjemalloc",
        .text = "<jemalloc>: ",
        .mutexes = true,
        .mutex_text = "num_owner_switch", /* since 5.0 */
        .markers =
            NAMES("mallocx", "je_mallocx", "_rjem_mallocx", "_rjem_malloc", "je_malloc_mutex_lock_slow",
                  "malloc_mutex_lock_slow", "_rjem_je_malloc_mutex_lock_slow"),
        .locks = NAMES("arenas_lock", "init_lock", "ctl_mtx", "tcaches_mtx", "tsd_nominal_tsds_lock",
                       "next_thr_uid_mtx", "prof_active_mtx", "prof_gdump_mtx"),
        .lock_prefixes = NAMES("je_arenas_lock", "je_background_thread_lock", "je_arena_emap_global",
                               "je_arena_pa_central", "je_prof_", "je_bt2gctx_mtx", "je_gctx_locks",
                               "je_tdata", "je_log_mtx", "_rjem_je_"),
        /* its static functions have common names (arena_, base_): left out, they could be the program's own
         */
        .functions = NAMES("je_", "_rjem_", "malloc_mutex_lock_slow"),
        .internals = NAMES("malloc_default", "free_default", "imalloc_body", "arena_bin_malloc_hard",
                           "arena_slab_alloc", "arena_slab_reg_alloc", "arena_bin_refill_slabcur",
                           "do_rallocx", "arena_cache_bin_fill_small"),
        .roles =
            ROLES({"bin", "bin"}, {"arena_malloc", "bin"}, {"dalloc_small", "bin"},
                  {"large", "large objects"}, {"edata_cache", "extents' descriptors"}, {"ecache", "extents"},
                  {"extent", "extents"}, {"decay", "purging"}, {"pac_", "extents"}, {"pa_", "extents"},
                  {"hpa_", "huge pages"}, {"base_", "base"}, {"tcache", "arena"}, {"arena", "arena"}),
    },
    {
        .name = "mimalloc", /* hardly ever waits: threads own their pages, and what is shared is atomic */
        .library = "libmimalloc",
        .text = "mimalloc: error: ",
        .mutexes = true,
        /* Rust programs call the aligned ones only, and the linker drops the rest */
        .markers = NAMES("mi_malloc", "mi_malloc_aligned", "_mi_malloc_generic"),
        .lock_prefixes = NAMES("mi_", "_mi_"),
        .functions = NAMES("mi_", "_mi_"),
    },
    {
        .name = "tcmalloc", /* gperftools' (tc_), and Google's newer one (TCMallocInternal) */
        .library = "libtcmalloc",
        .text = "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES",
        .markers = NAMES("tc_malloc", "tc_newarray", "TCMallocInternalMalloc"),
        .lock_prefixes = NAMES("_ZN8tcmalloc"),
        .functions =
            NAMES("tc_", "_ZN8tcmalloc", "_ZN8SpinLock", "_ZN4base8internal13SpinLock", "TCMallocInternal"),
        .roles = ROLES({"CentralFreeList", "central free list"}, {"PageHeap", "page heap"}),
    },
    {
        .name = "tbbmalloc", /* its locks spin and yield: they make no futex calls; malloc is the proxy's */
        .library = "libtbbmalloc",
        .markers = NAMES("scalable_malloc", "__TBB_malloc_proxy"),
        .lock_prefixes = NAMES("_ZN3rml"),
        .functions = NAMES("scalable_", "__TBB_malloc", "_ZN3rml"),
    },
    {
        .name = "scudo", /* LLVM's, Android's: in compiler-rt a library, or linked in by -fsanitize=scudo */
        .library = "libclang_rt.scudo",
        .markers = NAMES("__scudo_print_stats", "_ZN5scudo11HybridMutex8lockSlowEv"),
        .lock_prefixes = NAMES("_ZN5scudo", "_ZL9Allocator"),
        .functions = NAMES("_ZN5scudo", "_ZNK5scudo", "__scudo_"),
        .roles = ROLES({"SizeClassAllocator", "size class"}, {"MapAllocator", "large objects"},
                       {"Quarantine", "quarantine"}, {"TSD", "thread data"}),
    },
    {
        .name = "oldmalloc", /* musl up to 1.2.0, or built --with-malloc=oldmalloc */
        .libc = "musl",
        .markers = NAMES("__bin_chunk"),
        .locks = NAMES("mal"),
        .internals = NAMES("unbin", "adjust_size", "trim", "expand_heap", "alloc_fwd", "alloc_rev",
                           "lock_bin", "unlock_bin", "bin_chunk", "__expand_heap"),
        .functions = NAMES("__bin_chunk", "__libc_malloc", "__libc_free", "__libc_realloc", "__libc_calloc"),
    },
    {
        .name = "mallocng", /* musl since 1.2.1 */
        .libc = "musl",
        .markers = NAMES("__malloc_alloc_meta"),
        .locks = NAMES("__malloc_lock"),
        .internals = NAMES("alloc_slot", "alloc_group", "try_avail", "enframe", "get_meta", "nontrivial_free",
                           "free_group", "okay_to_free", "get_slot_index", "queue", "dequeue", "step_seq",
                           "is_bouncing", "get_stride", "get_nominal_size", "set_size", "free_meta",
                           "activate_group", "size_to_class", "size_overflows", "wrlock", "rdlock"),
        .functions = NAMES("__libc_malloc", "__libc_free", "__libc_realloc", "__libc_calloc", "__malloc_"),
    },
    {
        .name = "ptmalloc", /* glibc's own */
        .libc = "glibc",
        .markers = NAMES("_int_malloc", "main_arena", "__malloc_hugepage_config"),
        .locks = NAMES("main_arena", "list_lock", "free_list_lock"),
        .internals = NAMES("unlink_chunk.constprop.0", "unlink_chunk.isra.0", "unlink_chunk",
                           "tcache_init.part.0", "tcache_init", "heap_trim", "new_heap", "alloc_perturb",
                           "ptmalloc_init.part.0", "checked_request2size", "grow_heap", "shrink_heap"),
        .functions = NAMES("_int_malloc", "_int_free", "_int_realloc", "_int_memalign", "__libc_malloc",
                           "__libc_free", "__libc_realloc", "__libc_calloc", "__libc_memalign", "arena_get",
                           "sysmalloc", "systrim", "__malloc_", "malloc_consolidate"),
    },
};

enum { ALLOCATORS = sizeof(allocators) / sizeof(allocators[0]) };

static bool begins(const char *text, const char *prefix)
{
    return !strncmp(text, prefix, strlen(prefix));
}

static bool begins_with_one(const char *text, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (begins(text, *prefixes))
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

/* All that this file asks of a module's symbols, in one go: the first answer costs the reading of all names.
 */
static void questions_announce(const struct module *m)
{
    static const char *names[MAX_ASKED] = {"malloc", "free", "__dls2b", "__libc_setup_tls", "__init_libc"};
    static size_t count;
    if (!count) {
        size_t n = 5;
        for (size_t i = 0; i < ALLOCATORS; i++)
            for (const char *const *marker = allocators[i].markers; *marker && n < MAX_ASKED; marker++)
                names[n++] = *marker;
        count = n;
    }
    module_symbols_expect(m, names, count);
}

static const char *held(const struct module *m, const char *const *symbols)
{
    questions_announce(m);
    for (; *symbols; symbols++)
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
    for (size_t i = 0; i < ALLOCATORS; i++)
        if (allocators[i].library && begins(module_basename(m), allocators[i].library))
            return &allocators[i];
    return NULL;
}

const struct allocator *allocator_of_libc_lock(const char *libc, const char *object)
{
    for (size_t i = 0; i < ALLOCATORS; i++)
        if (allocators[i].libc && !strcmp(allocators[i].libc, libc) && is_one(object, allocators[i].locks))
            return &allocators[i];
    return NULL;
}

const struct allocator *allocator_named(const char *name)
{
    for (size_t i = 0; i < ALLOCATORS; i++)
        if (!strcmp(allocators[i].name, name))
            return &allocators[i];
    return NULL;
}

const char *allocator_text(size_t n, const char **text)
{
    for (size_t i = 0; i < ALLOCATORS; i++)
        if (allocators[i].text && n-- == 0) {
            *text = allocators[i].text;
            return allocators[i].name;
        }
    return NULL;
}

const char *allocator_libc_of_module(const struct module *m)
{
    const char *name = module_basename(m);
    questions_announce(m);
    if (begins(name, "libc.so.6") || begins(name, "libc-2."))
        return "glibc";
    if (begins(name, "ld-musl-") || begins(name, "libc.musl-") || module_symbol_named(m, "__dls2b"))
        return "musl"; /* its dynamic linker is the library itself; Debian's is called libc.so */
    if (module_symbol_named(m, "__libc_setup_tls"))
        return "glibc";
    return module_symbol_named(m, "__init_libc") ? "musl" : NULL;
}

/* Stripped C libraries: the version of musl can't be told, so which of its two mallocs can't either. */
static const struct allocator musl_unknown = {.name = "musl malloc", .libc = "musl"};

const struct allocator *allocator_of_module(const struct module *m)
{
    const struct allocator *library = allocator_of_library(m);
    if (library)
        return library;
    if (!module_symbol_named(m, "malloc"))
        return NULL;
    for (size_t i = 0; i < ALLOCATORS; i++)
        if (holds_one(m, allocators[i].markers))
            return &allocators[i];
    const char *libc = allocator_libc_of_module(m);
    if (libc && !strcmp(libc, "musl"))
        return &musl_unknown;
    return libc ? &allocators[ALLOCATORS - 1] : NULL;
}

const struct allocator *allocator_within(const struct module *m, const char **marker)
{
    for (size_t i = 0; i < ALLOCATORS; i++)
        if (!allocators[i].libc && (*marker = held(m, allocators[i].markers)))
            return &allocators[i];
    return NULL;
}

const char *allocator_marker(const struct module *m, const struct allocator *a)
{
    return a->markers ? held(m, a->markers) : NULL;
}

/* Names like "mal" and "init_lock" mean something only in a module that holds the allocator. */
const struct allocator *allocator_of_lock(const struct module *m, const char *object)
{
    for (size_t i = 0; i < ALLOCATORS; i++) {
        const struct allocator *a = &allocators[i];
        bool named =
            is_one(object, a->locks) || (a->lock_prefixes && begins_with_one(object, a->lock_prefixes));
        if (named && (allocator_of_library(m) == a || holds_one(m, a->markers)))
            return a;
    }
    return NULL;
}

const struct allocator *allocator_of_function(const struct module *m, const char *function)
{
    for (size_t i = 0; i < ALLOCATORS; i++)
        if (begins_with_one(function, allocators[i].functions) &&
            (allocator_of_library(m) == &allocators[i] || holds_one(m, allocators[i].markers)))
            return &allocators[i];
    return NULL;
}

/* jemalloc's, with any prefix; gperftools' and scudo's own mutexes. */
bool allocator_locks_with(const char *function)
{
    static const char *const parts[] = {"malloc_mutex_lock", "malloc_mutex_unlock", "SpinLock",
                                        "HybridMutex"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strstr(function, parts[i]))
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
    for (size_t i = 0; i < ALLOCATORS; i++)
        for (const char *const *name = allocators[i].internals; name && *name; name++)
            if (!strcmp(function, *name) && holds_one(m, allocators[i].markers))
                return true;
    return false;
}
