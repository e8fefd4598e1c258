/* An allocator that nobody has heard of: glibc's own behind two futex locks.  The first is an object with a
 * name, the second lies in a page of its own, so that only the functions that take it tell whose it is.  A
 * lock is 0, 1 when it is held, 2 when somebody waits for it. */
#include "tests/cli/try/made_up_allocator.h"

#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void __libc_free(void *block);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

void *madeup_malloc(size_t size);
void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);

const char *madeup_complaint(void);

static atomic_int madeup_lock;
static atomic_uint waits[2]; /* for the lock with a name, and for the other */

static atomic_uint *waits_for(const atomic_int *lock)
{
    return &waits[lock != &madeup_lock];
}

__attribute__((noinline)) static void madeup_take(atomic_int *lock)
{
    int before = 0;
    if (atomic_compare_exchange_strong(lock, &before, 1))
        return;
    while (atomic_exchange(lock, 2)) {
        atomic_fetch_add(waits_for(lock), 1);
        syscall(SYS_futex, lock, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
    }
}

static void madeup_release(atomic_int *lock)
{
    if (atomic_exchange(lock, 0) == 2)
        syscall(SYS_futex, lock, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Holds the lock until somebody has waited for it since there were `before` waits.  That it is 2 isn't
 * enough: who takes it while it is held leaves it so. */
static void waiter_await(const atomic_int *lock, unsigned before)
{
    while (atomic_load(waits_for(lock)) == before)
        sched_yield();
}

/* The page is made once; whoever comes second drops its own. */
static atomic_int *second_lock(void)
{
    static _Atomic(atomic_int *) page;
    atomic_int *there = atomic_load(&page), *expected = NULL;
    if (there)
        return there;
    there = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (there == MAP_FAILED)
        abort();
    if (atomic_compare_exchange_strong(&page, &expected, there))
        return there;
    munmap(there, 4096);
    return expected;
}

__attribute__((noinline)) static int madeup_refill(int held)
{
    atomic_int *lock = second_lock();
    const unsigned before = atomic_load(waits_for(lock));
    madeup_take(lock);
    if (held)
        waiter_await(lock, before);
    madeup_release(lock);
    return held;
}

const char *madeup_complaint(void)
{
    return "madeup: there are no blocks left\n";
}

void *madeup_malloc(size_t size)
{
    if (size == MADE_UP_REFILL || size == MADE_UP_REFILL_HELD)
        madeup_refill(size == MADE_UP_REFILL_HELD);
    const unsigned before = atomic_load(waits_for(&madeup_lock));
    madeup_take(&madeup_lock);
    if (size == MADE_UP_HELD)
        waiter_await(&madeup_lock, before);
    void *block = __libc_malloc(size);
    madeup_release(&madeup_lock);
    return block;
}

void *malloc(size_t size)
{
    return madeup_malloc(size);
}

void free(void *block)
{
    __libc_free(block);
}

void *calloc(size_t count, size_t size)
{
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return __libc_realloc(block, size);
}
