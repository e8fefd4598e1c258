/* profile_subject KIND: does one thing for 400 ms of its thread's CPU time, so that samples of that are taken
 * whatever else the machine does. */
#include <linux/futex.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LARGE = 1 << 20, PAGE = 4096, BATCH = 64 };

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void spin(void)
{
    for (volatile int i = 0; i < 10000; i++)
        ;
}

static void allocate(void)
{
    char *volatile p = malloc(LARGE);
    free(p);
}

static void map(void)
{
    void *p = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p != MAP_FAILED)
        munmap(p, LARGE);
}

static void touch(void)
{
    static char *block;
    if (!block)
        block = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t at = 0; at < LARGE; at += PAGE)
        *(volatile char *)(block + at) = 1;
    madvise(block, LARGE, MADV_DONTNEED);
}

static void wake(void)
{
    static uint32_t word;
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void wait_again(void)
{
    static uint32_t word;
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0); /* the word is 0: EAGAIN */
}

static void random_get(void)
{
    static char bytes[4096];
    if (getrandom(bytes, sizeof(bytes), 0) < 0)
        _exit(3);
}

static void null_call(void)
{
    syscall(SYS_getppid);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*work)(void);
    } kinds[] = {{"spin", spin}, {"allocate", allocate}, {"map", map},           {"touch", touch},
                 {"wake", wake}, {"wait", wait_again},   {"random", random_get}, {"null", null_call}};
    mallopt(M_MMAP_THRESHOLD, LARGE / 2); /* so that it stays there */
    for (size_t k = 0; argc > 1 && k < sizeof(kinds) / sizeof(kinds[0]); k++)
        if (!strcmp(argv[1], kinds[k].name)) {
            const uint64_t end = cpu_ns() + 400000000;
            while (cpu_ns() < end)
                for (int i = 0; i < BATCH; i++)
                    kinds[k].work();
            return 0;
        }
    return 2;
}
