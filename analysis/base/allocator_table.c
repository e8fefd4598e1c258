/* See allocator_table.h.  Order matters where one binary holds two: musl's own malloc is still linked into a
 * program that defines malloc by mimalloc, so that those that stand alone come before those of the C
 * libraries.  The colours are chosen to differ under the three colour blindnesses and, as far as ten can, in
 * grey print; the spare ones stand in plots/palette.c. */
#include "analysis/base/allocator_table.h"

#include <stddef.h>
#include <string.h>

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ROLES(...) ((const struct allocator_role[]){__VA_ARGS__, {NULL, NULL}})

static const struct allocator rows[] = {
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
        .locking = NAMES("malloc_mutex_lock", "malloc_mutex_unlock"),
        .locking_samples = NAMES("malloc_mutex_lock", "je_malloc_mutex"),
        .preload = "libjemalloc.so.2",
        .package = "libjemalloc-dev",
        .ink = {0x2FA37C, 0x1C7A5A, 9, 8},
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
        .preload = "libmimalloc.so.[0-9]",
        .package = "libmimalloc-dev",
        .ink = {0xD98BD0, 0xA8489B, 13, 12},
    },
    {
        .name = "tcmalloc", /* gperftools' (tc_), and Google's newer one (TCMallocInternal) */
        .aliases = NAMES("gperftools"),
        .library = "libtcmalloc",
        .text = "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES",
        .markers = NAMES("tc_malloc", "tc_newarray", "TCMallocInternalMalloc"),
        .lock_prefixes = NAMES("_ZN8tcmalloc"),
        .functions =
            NAMES("tc_", "_ZN8tcmalloc", "_ZN8SpinLock", "_ZN4base8internal13SpinLock", "TCMallocInternal"),
        .roles = ROLES({"CentralFreeList", "central free list"}, {"PageHeap", "page heap"}),
        .locking = NAMES("SpinLock"),
        .preload = "libtcmalloc_minimal.so.4",
        .package = "libgoogle-perftools-dev",
        .ink = {0xD9A900, 0x8A6500, 11, 10},
    },
    {
        .name = "tbbmalloc", /* its locks spin and yield: they make no futex calls; malloc is the proxy's */
        .library = "libtbbmalloc",
        .markers = NAMES("scalable_malloc", "__TBB_malloc_proxy"),
        .lock_prefixes = NAMES("_ZN3rml"),
        .functions = NAMES("scalable_", "__TBB_malloc", "_ZN3rml"),
        .preload = "libtbbmalloc_proxy.so.2",
        .package = "libtbbmalloc2",
    },
    {
        .name = "scudo", /* LLVM's, Android's: in compiler-rt a library, or linked in by -fsanitize=scudo */
        .library = "libclang_rt.scudo",
        .markers = NAMES("__scudo_print_stats", "_ZN5scudo11HybridMutex8lockSlowEv"),
        .lock_prefixes = NAMES("_ZN5scudo", "_ZL9Allocator"),
        .functions = NAMES("_ZN5scudo", "_ZNK5scudo", "__scudo_"),
        .roles = ROLES({"SizeClassAllocator", "size class"}, {"MapAllocator", "large objects"},
                       {"Quarantine", "quarantine"}, {"TSD", "thread data"}),
        .locking = NAMES("HybridMutex"),
        .preload = "libclang_rt.scudo_standalone*.so",
        .package = "libclang-rt-dev",
    },
    {
        .name = "oldmalloc", /* musl up to 1.2.0, or built --with-malloc=oldmalloc */
        .libc = "musl",
        .markers = NAMES("__bin_chunk"),
        .locks = NAMES("mal"),
        .internals = NAMES("unbin", "adjust_size", "trim", "expand_heap", "alloc_fwd", "alloc_rev",
                           "lock_bin", "unlock_bin", "bin_chunk", "__expand_heap"),
        .functions = NAMES("__bin_chunk", "__libc_malloc", "__libc_free", "__libc_realloc", "__libc_calloc"),
        .ink = {0x6B1A2A, 0x6B1A2A, 15, 14},
    },
    {
        .name = "mallocng", /* musl since 1.2.1 */
        .aliases = NAMES("musl"),
        .libc = "musl",
        .markers = NAMES("__malloc_alloc_meta"),
        .locks = NAMES("__malloc_lock"),
        .internals = NAMES("alloc_slot", "alloc_group", "try_avail", "enframe", "get_meta", "nontrivial_free",
                           "free_group", "okay_to_free", "get_slot_index", "queue", "dequeue", "step_seq",
                           "is_bouncing", "get_stride", "get_nominal_size", "set_size", "free_meta",
                           "activate_group", "size_to_class", "size_overflows", "wrlock", "rdlock"),
        .functions = NAMES("__libc_malloc", "__libc_free", "__libc_realloc", "__libc_calloc", "__malloc_"),
        .ink = {0xC4420A, 0xB83C06, 7, 6},
    },
    {
        .name = "ptmalloc", /* glibc's own */
        .aliases = NAMES("glibc"),
        .libc = "glibc",
        .markers = NAMES("_int_malloc", "main_arena", "__malloc_hugepage_config"),
        .locks = NAMES("main_arena", "list_lock", "free_list_lock"),
        .internals = NAMES("unlink_chunk.constprop.0", "unlink_chunk.isra.0", "unlink_chunk",
                           "tcache_init.part.0", "tcache_init", "heap_trim", "new_heap", "alloc_perturb",
                           "ptmalloc_init.part.0", "checked_request2size", "grow_heap", "shrink_heap"),
        .functions = NAMES("_int_malloc", "_int_free", "_int_realloc", "_int_memalign", "__libc_malloc",
                           "__libc_free", "__libc_realloc", "__libc_calloc", "__libc_memalign", "arena_get",
                           "sysmalloc", "systrim", "__malloc_", "malloc_consolidate"),
        .ink = {0x164A9C, 0x164A9C, 5, 4},
    },
    {.name = NULL},
};

const struct allocator *allocator_table(void)
{
    return rows;
}

const struct allocator *allocator_named(const char *name)
{
    for (const struct allocator *a = rows; a->name; a++)
        if (!strcmp(a->name, name))
            return a;
    return NULL;
}

static bool begins_with_word(const char *text, const char *word)
{
    const size_t length = strlen(word);
    return !strncmp(text, word, length) && (text[length] == '\0' || text[length] == ' ');
}

static bool is_called(const struct allocator *a, const char *text)
{
    if (begins_with_word(text, a->name))
        return true;
    for (const char *const *alias = a->aliases; alias && *alias; alias++)
        if (begins_with_word(text, *alias))
            return true;
    return false;
}

const struct allocator *allocator_called(const char *text)
{
    for (const struct allocator *a = rows; text && a->name; a++)
        if (is_called(a, text))
            return a;
    return NULL;
}
