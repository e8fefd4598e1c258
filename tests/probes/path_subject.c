/* Calls with known callers: built with frame pointers, with unwind tables, and with neither.  The counts are
 * the test's; no call sleeps.  What a function leaves on the stack when it returns stays there to be mistaken
 * for a caller. */
#include <alloca.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__clang__)
#define OWN_FRAME __attribute__((noinline))
#else
#define OWN_FRAME __attribute__((noinline, noclone))
#endif
/* Keeps a call from being the last thing that a function does. */
#define AFTER_CALL __asm__ volatile("")

/* from <linux/futex.h>, which musl-gcc doesn't find */
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

enum { ALPHA = 33, GAMMA = 20, WAKES = 30, DEPTH = 80, DEEP = 3 };

_Alignas(64) uint32_t path_word;
_Alignas(64) uint32_t deep_word;

OWN_FRAME void word_wait(uint32_t *word)
{
    char unused[200]; /* what earlier calls left is in here */
    __asm__ volatile("" : : "r"(unused) : "memory");
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
    AFTER_CALL;
}

OWN_FRAME void word_wake(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    AFTER_CALL;
}

/* Return addresses into all of these are left where later frames lie. */
OWN_FRAME void leftover_inner(volatile char *p, size_t size)
{
    for (size_t i = 0; i < size; i++)
        p[i] = 0;
    AFTER_CALL;
}

OWN_FRAME void leftover_outer(void)
{
    char bytes[40];
    leftover_inner(bytes, sizeof(bytes));
    AFTER_CALL;
}

/* A frame whose size is known at run time only. */
OWN_FRAME void beta(size_t size)
{
    char *bytes = alloca(size);
    leftover_inner(bytes, size);
    word_wait(&path_word);
    AFTER_CALL;
}

OWN_FRAME void alpha(size_t size)
{
    leftover_outer();
    beta(size);
    AFTER_CALL;
}

OWN_FRAME uint64_t gamma_of(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t before = a * b + c; /* kept over the calls, in registers that word_wait() has to preserve */
    leftover_outer();
    word_wait(&path_word);
    return before + a + b + c;
}

/* Deeper than the copied piece of stack reaches. */
OWN_FRAME int deep(int left)
{
    char bytes[100];
    leftover_inner(bytes, sizeof(bytes));
    if (left)
        left = deep(left - 1);
    else
        word_wait(&deep_word);
    AFTER_CALL;
    return left + bytes[0];
}

OWN_FRAME void *thread_main(void *arg)
{
    for (int i = 0; i < WAKES; i++) {
        leftover_outer();
        word_wake(&path_word);
    }
    AFTER_CALL;
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    (void)argv;
    for (int i = 0; i < ALPHA; i++)
        alpha(100 + (size_t)i);
    uint64_t sum = 0;
    for (int i = 0; i < GAMMA; i++)
        sum += gamma_of((uint64_t)argc, sum, (uint64_t)i);
    for (int i = 0; i < DEEP; i++)
        deep(DEPTH);
    if (pthread_create(&thread, NULL, thread_main, NULL))
        abort();
    pthread_join(thread, NULL);
    return sum == 1;
}
