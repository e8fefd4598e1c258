/* See allocator_table.h.  Order matters where one binary holds two: musl's own malloc is still linked into a
 * program that defines malloc by mimalloc, so that those that stand alone come before those of the C
 * libraries.  The colours are chosen to differ under the three colour blindnesses and, as far as ten can, in
 * grey print; the spare ones stand in plots/palette.c. */
#include "analysis/base/allocator_table.h"

#include <stddef.h>
#include <string.h>

#define NAMES(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define ADVICE(...) ((const struct allocator_advice[]){__VA_ARGS__, {ADVICE_END, NULL, NULL}})
#define ROLES(...)  ((const struct allocator_role[]){__VA_ARGS__, {NULL, NULL}})

/* Of LLVM's and gcc's sanitizers, whose mallocs are made of one kit; `space` is the mangled namespace.  What
 * they allocate for themselves they take from a SizeClassAllocator32. */
#define SANITIZER_ALLOCATOR(space)                                                                           \
    "_ZN11__sanitizer20SizeClassAllocator64", "_ZN11__sanitizer28SizeClassAllocator64LocalCache",            \
        "_ZN11__sanitizer17CombinedAllocatorINS_20SizeClassAllocator64",                                     \
        "_ZN11__sanitizer18LargeMmapAllocatorI" space, "_ZN11__sanitizer10QuarantineI" space
#define SANITIZER_ROLES                                                                                      \
    ROLES({"SizeClassAllocator", "size class"}, {"MmapAllocator", "large objects"},                          \
          {"Quarantine", "quarantine"})
#define SANITIZER_LOCKING                                                                                    \
    "_ZN11__sanitizer9Futex", "_ZN11__sanitizer9Semaphore", "_ZN11__sanitizer5Mutex",                        \
        "_ZN11__sanitizer13BlockingMutex", "_ZN11__sanitizer15StaticSpinMutex"

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
            /* to read all statistics, and around a fork, it takes one of its mutexes after the other */
        ROLES({"stats", NULL}, {"fork", NULL}, {"bin", "bin"}, {"arena_malloc", "bin"},
              {"dalloc_small", "bin"}, {"large", "large objects"}, {"edata_cache", "extents' descriptors"},
              {"ecache", "extents"}, {"extent", "extents"}, {"decay", "purging"}, {"pac_", "extents"},
              {"pa_", "extents"}, {"hpa_", "huge pages"}, {"base_", "base"}, {"tcache", "arena"},
              {"arena", "arena"}),
        .locking = NAMES("malloc_mutex_lock", "malloc_mutex_unlock"),
        .locking_samples = NAMES("malloc_mutex_lock", "je_malloc_mutex"),
        .preload = "libjemalloc.so.2",
        .package = "libjemalloc-dev",
        .advice = ADVICE({ADVICE_LOCKS, "more arenas: as many as threads", "MALLOC_CONF=narenas:THREADS"},
                         {ADVICE_MEMORY, "memory given back later, and by a thread of its own",
                          "MALLOC_CONF=background_thread:true,dirty_decay_ms:60000"}),
        .rust =
            "tikv-jemallocator = \"0.6\"\n#[global_allocator] static GLOBAL: tikv_jemallocator::Jemalloc = "
            "tikv_jemallocator::Jemalloc;",
        .linked = "-ljemalloc",
        .alpine = "apk add jemalloc; LD_PRELOAD=/usr/lib/libjemalloc.so.2",
        .ink = {0x1F9A8C, 0x14756A, 9, 8},
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
        .rust = "mimalloc = \"0.1\"\n#[global_allocator] static GLOBAL: mimalloc::MiMalloc = "
                "mimalloc::MiMalloc;",
        .linked = "-lmimalloc",
        .ink = {0xC9A6EC, 0x7D56A8, 13, 12},
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
        .linked = "-ltcmalloc_minimal",
        .ink = {0xE8A000, 0x8A6500, 11, 10},
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
        /* LLVM's, Android's: in compiler-rt a library, or linked in by -fsanitize=scudo.  Up to LLVM 14 that
         * was an older one, in namespace __scudo, whose parts lie in __sanitizer's. */
        .name = "scudo",
        .library = "libclang_rt.scudo",
        .markers = NAMES("__scudo_print_stats", "_ZN5scudo11HybridMutex8lockSlowEv"),
        .lock_prefixes = NAMES("_ZN5scudo", "_ZL9Allocator", "_ZN7__scudo", "_ZN11__sanitizer"),
        .functions = NAMES("_ZN5scudo", "_ZNK5scudo", "__scudo_", "_ZN7__scudo", "_ZN11__sanitizer"),
        .roles = ROLES({"SizeClassAllocator", "size class"}, {"MapAllocator", "large objects"},
                       {"Quarantine", "quarantine"}, {"TSD", "thread data"}),
        .locking = NAMES("HybridMutex", SANITIZER_LOCKING),
        .locking_samples = NAMES(SANITIZER_LOCKING),
        .preload = "libclang_rt.scudo_standalone*.so",
        .package = "libclang-rt-dev",
    },
    /* What -fsanitize puts in malloc's place, in a library or linked in.  No word of it is malloc's for being
     * in its data: it has locks for threads, reports and more. */
    {
        .name = "AddressSanitizer",
        .markers = NAMES("__asan_init"),
        .lock_prefixes = NAMES("_ZN6__asanL8instance"),
        .functions =
            NAMES(SANITIZER_ALLOCATOR("N6__asan"), "_ZN6__asan9Allocator", "_ZN6__asan18QuarantineCallback"),
        .roles = SANITIZER_ROLES,
        .locking = NAMES(SANITIZER_LOCKING),
    },
    {
        .name = "ThreadSanitizer",
        .markers = NAMES("__tsan_init"),
        .functions = NAMES(SANITIZER_ALLOCATOR("N6__tsan"), "_ZN6__tsan10user_alloc", "_ZN6__tsan9user_free"),
        .roles = SANITIZER_ROLES,
        .locking = NAMES(SANITIZER_LOCKING),
    },
    {
        .name = "LeakSanitizer",
        .markers = NAMES("__lsan_init"),
        .functions = NAMES(SANITIZER_ALLOCATOR("N6__lsan"), "_ZN6__lsan8Allocate", "_ZN6__lsan10Deallocate"),
        .roles = SANITIZER_ROLES,
        .locking = NAMES(SANITIZER_LOCKING),
    },
    {
        .name = "Go", /* its runtime's heap, beside which a program may have a malloc as well (cgo) */
        .markers = NAMES("runtime.mheap_"),
        .text = "\xff Go buildinf:",
        .locks = NAMES("runtime.mheap_"),
        .functions =
            NAMES("runtime.mallocgc", "runtime.(*mheap)", "runtime.(*mcentral)", "runtime.(*mcache)"),
        .locking = NAMES("runtime.lock2", "runtime.unlock2", "runtime.futex"),
        .locking_samples = NAMES("runtime.lock2", "runtime.unlock2", "runtime.futex"),
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
        /* mallopt(3): the threshold can't be higher than 32 MiB, half of an arena's heap */
        .advice = ADVICE({ADVICE_LOCKS, "more arenas: as many as threads", "MALLOC_ARENA_MAX=THREADS"},
                         {ADVICE_MEMORY, "large blocks kept instead of given back to the kernel",
                          "MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1073741824"}),
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
