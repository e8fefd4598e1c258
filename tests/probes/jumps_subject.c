/* A program in which nothing calls malloc: a wrapper jumps to it, when it has set the size. */
#include <pthread.h>
#include <stdlib.h>

#if defined(__clang__)
#define OWN_FRAME __attribute__((noinline))
#else
#define OWN_FRAME __attribute__((noipa))
#endif

OWN_FRAME void *wrapper(size_t size)
{
    return malloc(size + 8);
}

static void *thread_main(void *arg)
{
    for (size_t size = 100; size < 1000; size++) {
        char *volatile block = wrapper(size);
        if (block)
            block[0] = 1;
        free(block);
    }
    return arg;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_main, NULL))
        return 1;
    thread_main(NULL);
    return pthread_join(thread, NULL);
}
