/* See subject_parts.h. */
#include "subject_parts.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

long futex(uint32_t *word, int op, uint32_t value)
{
    return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void sleep_ms(long ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left))
        ;
}

void compute(uint64_t rounds)
{
    uint64_t x = rounds | 1;
    for (uint64_t i = 0; i < rounds; i++)
        x = x * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : : "r"(x));
}

void compute_ms(uint64_t ms)
{
    uint64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ms * 1000000;
    while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
        compute(200000);
}

void folder_file_read(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
}

void asleep_await(int pid, int tid, long call)
{
    char path[64], text[128];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
    do
        folder_file_read(path, text, sizeof(text));
    while (!strncmp(text, "running", 7) || !text[0] || strtol(text, NULL, 10) != call);
}

void state_await(int pid, char letter)
{
    char path[64], text[512];
    const char *paren;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    do {
        folder_file_read(path, text, sizeof(text));
        paren = strrchr(text, ')');
    } while (!paren || paren[2] != letter);
}
