/* Two threads that allocate.  With made_up_allocator each of the first one's blocks makes the second wait for
 * a lock: NAMED times for the lock with a name, which is to be the one with the most calls, then REFILLS
 * times for the other.  With any other allocator they only allocate. */
#include "tests/cli/try/made_up_allocator.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { NAMED = 150, REFILLS = 25 };

static atomic_int phase = MADE_UP_HELD;

/* The compiler must not leave the pair out. */
static void block_use(size_t size)
{
    void *volatile block = malloc(size);
    free(block);
}

static void *second(void *unused)
{
    while (atomic_load(&phase) == MADE_UP_HELD)
        block_use(16);
    while (atomic_load(&phase) == MADE_UP_REFILL_HELD)
        block_use(MADE_UP_REFILL);
    return unused;
}

static void blocks_use(size_t size, int count)
{
    for (int i = 0; i < count; i++)
        block_use(size);
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, second, NULL))
        return 9;
    blocks_use(MADE_UP_HELD, NAMED);
    atomic_store(&phase, MADE_UP_REFILL_HELD);
    blocks_use(MADE_UP_REFILL_HELD, REFILLS);
    atomic_store(&phase, 0);
    return pthread_join(thread, NULL) ? 9 : 0;
}
