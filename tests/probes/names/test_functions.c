/* What names of functions say: all answers about each name, side by side.  They differ where the questions
 * do. The answers are those that four tables gave, before there was one. */
#include "probes/names/allocators.h"
#include "probes/names/caller_class.h"
#include "probes/names/code_class.h"
#include "probes/names/functions.h"
#include "tests/probes/cmocka_test.h"

#include <string.h>

static const struct function_case {
    const char *name;
    const char *sample; /* class of a sample in it */
    const char *path;   /* class of its frame on the path of a futex call */
    bool passed;        /* it says nothing of whose lock it is */
    bool own;           /* an allocator takes its own locks by it */
} cases[] = {
    {"__lock", "lock", "lock", true, false},
    {"__lockfile", "lock", "lock", true, false},
    {"__unlock", "lock", "lock", true, false},
    {"__unlockfile", "lock", "lock", true, false},
    {"__lll_lock_wait", "lock", "lock", true, false},
    {"__lll_lock_wait_private", "lock", "lock", true, false},
    {"__lll_lock_wake_private", "lock", "lock", true, false},
    {"lll_mutex_lock_optimized", "lock", "lock", true, false},
    {"__GI___lll_lock_wait_private", "lock", "lock", true, false},
    {"pthread_mutex_lock", "lock", "lock", true, false},
    {"pthread_mutex_lock@@GLIBC_2.2.5", "lock", "lock", true, false},
    {"pthread_mutex_unlock", "lock", "lock", true, false},
    {"pthread_mutexattr_init", "program", "lock", true, false},
    {"__pthread_mutex_lock", "lock", "lock", true, false},
    {"__pthread_mutex_unlock_usercnt", "lock", "lock", true, false},
    {"___pthread_mutex_lock", "lock", "lock", true, false},
    {"__GI___pthread_mutex_lock", "lock", "lock", true, false},
    {"futex_wait", "lock", "lock", true, false},
    {"futex_wake", "lock", "lock", true, false},
    {"__futex_abstimed_wait_common", "lock", "lock", true, false},
    {"__timedwait", "lock", "lock", true, false},
    {"__timedwait_cp", "lock", "lock", true, false},
    {"__wait", "lock", "lock", true, false},
    {"__wake", "lock", "lock", true, false},
    {"__syscall_cp", "program", "lock", true, false},
    {"__syscall_cp_c", "program", "lock", true, false},
    {"__syscall_cp_asm", "program", "lock", true, false},
    {"__syscall_ret", "program", "lock", true, false},
    {"__cp_begin", "program", "lock", true, false},
    {"__cp_end", "program", "lock", true, false},
    {"__cp_cancel", "program", "lock", true, false},
    {"sccp", "program", "lock", true, false},
    {"syscall", "program", "lock", true, false},
    {"syscall@@GLIBC_2.2.5", "program", "lock", true, false},
    {"pthread_cond_wait", "program", "lock", false, false},
    {"pthread_cond_wait@@GLIBC_2.3.2", "program", "lock", false, false},
    {"pthread_join", "program", "lock", false, false},
    {"pthread_create", "program", "lock", false, false},
    {"__pthread_timedjoin_ex", "program", "lock", false, false},
    {"___pthread_cond_wait", "program", "lock", false, false},
    {"__GI___pthread_rwlock_rdlock", "program", "lock", false, false},
    {"__tl_lock", "program", "lock", false, false},
    {"__tl_sync", "program", "lock", false, false},
    {"sem_wait", "program", "lock", false, false},
    {"sem_timedwait", "program", "lock", false, false},
    {"sem_clockwait", "program", "lock", false, false},
    {"sem_post", "program", "lock", false, false},
    {"sem_open", "program", "program", false, false},
    {"__new_sem_wait_slow64", "program", "lock", false, false},
    {"cnd_wait", "program", "lock", false, false},
    {"mtx_lock", "program", "lock", false, false},
    {"_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE", "program", "lock", false, false},
    {"_ZNSt6thread4joinEv", "program", "lock", false, false},
    {"_ZNSt5mutex4lockEv", "program", "lock", false, false},
    {"malloc_mutex_lock_slow", "lock", "lock", true, true},
    {"je_malloc_mutex_lock_slow", "lock", "lock", true, true},
    {"je_malloc_mutex_init", "lock", "lock", false, false},
    {"_rjem_je_malloc_mutex_lock_slow", "program", "program", true, true},
    {"malloc_mutex_unlock", "program", "program", true, true},
    {"_ZN8SpinLock8SlowLockEv", "program", "program", true, true},
    {"_ZN4base8internal13SpinLockDelayEPVii", "program", "program", true, true},
    {"_ZN5scudo11HybridMutex8lockSlowEv", "program", "program", true, true},
    {"malloc", "allocator", "allocator", false, false},
    {"free", "allocator", "allocator", false, false},
    {"calloc", "allocator", "allocator", false, false},
    {"realloc", "allocator", "allocator", false, false},
    {"reallocarray", "allocator", "allocator", false, false},
    {"memalign", "allocator", "allocator", false, false},
    {"aligned_alloc", "allocator", "allocator", false, false},
    {"posix_memalign", "allocator", "allocator", false, false},
    {"default_malloc", "allocator", "allocator", false, false},
    {"cfree", "allocator", "allocator", false, false},
    {"malloc_usable_size", "allocator", "allocator", false, false},
    {"mallocx", "program", "program", false, false},
    {"free_all", "program", "program", false, false},
    {"_Znwm", "program", "allocator", false, false},
    {"_ZnwmSt11align_val_t", "program", "allocator", false, false},
    {"_ZnamRKSt9nothrow_t", "program", "allocator", false, false},
    {"_ZdlPv", "program", "allocator", false, false},
    {"_ZdaPvm", "program", "allocator", false, false},
    {"_ZN3app5_ZnwmEv", "program", "program", false, false},
    {"__rust_alloc", "program", "allocator", false, false},
    {"__rust_alloc_zeroed", "program", "allocator", false, false},
    {"__rust_dealloc", "program", "allocator", false, false},
    {"__rust_realloc", "program", "allocator", false, false},
    {"__rdl_alloc", "program", "allocator", false, false},
    {"__rg_alloc", "program", "allocator", false, false},
    {"_RNvCsjrHSEGnQ3l9_7___rustc12___rust_alloc", "program", "allocator", false, false},
    {"_RNvCsjrHSEGnQ3l9_7___rustc11___rdl_alloc", "program", "allocator", false, false},
    {"memcpy", "copy", "copy", false, false},
    {"__memcpy_avx_unaligned_erms", "copy", "copy", false, false},
    {"__memmove_avx512_unaligned_erms", "copy", "copy", false, false},
    {"__memset_avx2_unaligned", "copy", "copy", false, false},
    {"mempcpy", "copy", "copy", false, false},
    {"memcmp", "program", "program", false, false},
    {"_ZNSt6vectorIiSaIiEE17_M_realloc_insertIJRKiEEEvN9__gnu_cxx17__normal_iteratorIPiS1_EEDpOT_", "program",
     "library", false, false},
    {"_ZNKSt6vectorIiSaIiEE4sizeEv", "program", "library", false, false},
    {"_ZSt4cout", "program", "library", false, false},
    {"_ZNSs6appendEPKc", "program", "library", false, false},
    {"_ZN9__gnu_cxx13new_allocatorIcE8allocateEmPKv", "program", "library", false, false},
    {"_ZNK9__gnu_cxx13new_allocatorIcE8max_sizeEv", "program", "library", false, false},
    {"_ZN3std2io5stdio6_print17h0123456789abcdefE", "program", "library", false, false},
    {"_ZN4core3fmt5write17h0123456789abcdefE", "program", "library", false, false},
    {"_ZN5alloc7raw_vec11finish_grow17h0123456789abcdefE", "program", "library", false, false},
    {"_ZN9hashbrown3raw11RawTableInner12prepare_growE", "program", "library", false, false},
    {"_ZN3std3sys4sync5mutex5futex5Mutex14lock_contended17h0123456789abcdefE", "program", "lock", false,
     false},
    {"_RNvMs0_NtNtNtCsjrHSEGnQ3l9_3std3sys6thread4unixNtB5_6Thread4join", "program", "library", false, false},
    {"_RNvMNtNtNtNtCsjrHSEGnQ3l9_3std3sys4sync5mutex5futexNtB2_5Mutex14lock_contended", "program", "lock",
     false, false},
    {"_RNvC3std4work", "program", "library", false, false},
    {"_RNvC9hashbrown4work", "program", "library", false, false},
    {"_RNvNtCs1234_7mycrate4core4work", "program", "program", false, false},
    {"_RNvNtCs1234_7mycrate5futex4work", "program", "program", false, false},
    {"_R", "program", "program", false, false},
    {"_RNvCs", "program", "program", false, false},
    {"_RC99999999999999999999999std", "program", "program", false, false},
    {"_ZN3app6vectorEv", "program", "program", false, false},
    {"_ZN66_$LT$app..T$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE", "program", "program",
     false, false},
    {"_ZN11__sanitizer9FutexWaitEPNS_15atomic_uint32_tEj", "lock", "lock", true, true},
    {"_ZN11__sanitizer5Mutex4LockEv", "lock", "lock", true, true},
    {"_ZN11__sanitizer20SizeClassAllocator64IN7__scudo4AP64EE12AllocateFromEv", "program", "program", false,
     false},
    {"runtime.lock2", "lock", "lock", true, true},
    {"runtime.futexsleep", "lock", "lock", true, true},
    {"runtime.mallocgc", "program", "library", false, false},
    {"runtime.systemstack.abi0", "program", "library", false, false},
    {"runtime", "program", "program", false, false},
    {"make_password", "program", "program", false, false},
    {"lock", "program", "program", false, false},
    {"my_lock", "program", "program", false, false},
    {"sem", "program", "program", false, false},
    {"strlen", "program", "program", false, false},
    {"read", "program", "program", false, false},
    {"nanosleep", "program", "program", false, false},
    {"main", "program", "program", false, false},
    {"_", "program", "program", false, false},
};

static struct module_table *modules;
static const struct module *program; /* it holds no allocator */

static void each_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct function_case *c = &cases[i];
        const struct symbol s = {.name = c->name, .function = true};
        const bool own = allocator_locks_with(c->name),
                   passed = own || function_roles(c->name) & FUNCTION_PASSES;
        if (strcmp(code_class(program, &s), c->sample) || strcmp(caller_class(program, &s), c->path) ||
            passed != c->passed || own != c->own)
            fail_msg("%s: sample %s, path %s, %s%s", c->name, code_class(program, &s),
                     caller_class(program, &s), passed ? "passed" : "not passed",
                     own ? ", an allocator's own" : "");
    }
}

/* The way into the kernel: one address doesn't tell whether the call is a futex call, a path of one does. */
static void the_way_into_the_kernel(void **state)
{
    static const char *const names[] = {"__syscall_cp_c", "syscall", "sccp", "__cp_end"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(function_roles(names[i]), FUNCTION_PASSES | FUNCTION_WAITS);
}

static int begin(void **state)
{
    struct mapping m = {.path = SUBJECT};
    (void)state;
    modules = module_table_new();
    program = modules ? module_get(modules, &m) : NULL;
    return program ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    module_table_free(modules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name),
        cmocka_unit_test(the_way_into_the_kernel),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
