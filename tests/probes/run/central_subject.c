/* Threads that meet in the lists of free blocks which an allocator keeps for all of them: each allocates more
 * than it can keep for itself, and leaves it to another one, which frees it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__clang__)
#define OWN_FRAME __attribute__((noinline))
#else
#define OWN_FRAME __attribute__((noipa))
#endif

enum { THREADS = 8, BLOCKS = 2048, SIZES = 8, STEP = 2000, ROUNDS = 200 };

struct pack {
    void *blocks[BLOCKS];
};

static struct pack packs[2 * THREADS]; /* one for each thread, and one on its way to each */
static struct pack *_Atomic on_the_way[THREADS];
static _Atomic int done;

OWN_FRAME void *take_block(size_t size)
{
    void *volatile block = malloc(size);
    return block;
}

OWN_FRAME int give_block(void *block)
{
    free(block);
    return done; /* so that the call is no jump */
}

static void *thread_main(void *arg)
{
    const size_t own = (size_t)arg;
    struct pack *pack = &packs[own];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BLOCKS; i++)
            pack->blocks[i] = take_block(16 + (size_t)i % SIZES * STEP);
        pack = atomic_exchange(&on_the_way[(own + (size_t)round) % THREADS], pack);
        for (int i = 0; i < BLOCKS; i++)
            give_block(pack->blocks[i]);
    }
    done++;
    for (;;)
        pause(); /* the thread's end would be somebody else's wait */
    return arg;
}

int main(void)
{
    pthread_t thread;
    for (size_t i = 0; i < THREADS; i++)
        on_the_way[i] = &packs[THREADS + i];
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&thread, NULL, thread_main, (void *)i))
            _exit(1);
    while (done < THREADS)
        usleep(1000);
    _exit(0);
}
