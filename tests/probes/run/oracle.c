/* An oracle for the counts on musl's malloc lock: linked statically against musl with --wrap=__lock and
 * --wrap=__unlock, it replaces the lock under the real allocator by one of its own (three states: free,
 * taken, taken with waiters; Drepper, "Futexes are tricky", 2011) that counts each futex call on
 * __malloc_lock by what it returned.  Prints the counts; what the probes record of the same run must equal
 * them. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

extern volatile int __malloc_lock[1] __attribute__((visibility("hidden")));
void __wrap___lock(volatile int *lock);
void __wrap___unlock(volatile int *lock);

static _Atomic uint64_t waited, eagain, interrupted, woke_none, woke_some;

enum { THREADS = 4, BLOCKS = 200000 };

/* of linux/futex.h, which musl's headers don't bring */
enum { WAIT_PRIVATE = 0 | 128, WAKE_PRIVATE = 1 | 128 };

/* syscall() keeps errno per thread and takes no lock: it may be used under malloc's. */
static long lock_futex(volatile int *lock, int op, int value)
{
    int before = errno;
    long result = syscall(SYS_futex, lock, op, value, NULL);
    result = result < 0 ? -errno : result;
    errno = before;
    return result;
}

static void lock_wait(volatile int *lock)
{
    long result = lock_futex(lock, WAIT_PRIVATE, 2);
    if (lock != __malloc_lock)
        return;
    if (result == 0)
        waited++;
    else if (result == -EAGAIN)
        eagain++;
    else
        interrupted++;
}

void __wrap___lock(volatile int *lock)
{
    int expected = 0;
    if (__atomic_compare_exchange_n(lock, &expected, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(lock, 2, __ATOMIC_ACQUIRE))
        lock_wait(lock);
}

void __wrap___unlock(volatile int *lock)
{
    if (__atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) != 2)
        return;
    long woken = lock_futex(lock, WAKE_PRIVATE, 1);
    if (lock == __malloc_lock)
        woken ? woke_some++ : woke_none++;
}

static void *churn(void *arg)
{
    static void *volatile kept[THREADS][BLOCKS];
    void *volatile *mine = kept[(intptr_t)arg];
    for (int i = 0; i < BLOCKS; i++)
        mine[i] = malloc(36);
    for (int i = 0; i < BLOCKS; i++)
        free(mine[i]);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, churn, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    /* printf allocates nothing, and by now there is one thread: no futex call comes after the reading */
    printf("%llu %llu %llu %llu %llu\n", (unsigned long long)waited, (unsigned long long)eagain,
           (unsigned long long)interrupted, (unsigned long long)woke_none, (unsigned long long)woke_some);
    return 0;
}
