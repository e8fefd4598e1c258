/* A function that is known to wait for malloc's lock, in static musl: main holds __malloc_lock (musl's own,
 * which a static link lets anybody name) until the thread sleeps in malloc, ROUNDS times. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 5 };

extern volatile int __malloc_lock[1];
void __lock(volatile int *lock);
void __unlock(volatile int *lock);

static _Atomic int asker_tid, rounds_begun, rounds_done;

__attribute__((noinline, noclone)) static char *asker(size_t size)
{
    char *block = malloc(size);
    block[0] = 1;
    return block;
}

static void *thread_main(void *arg)
{
    asker_tid = (int)syscall(SYS_gettid);
    for (int i = 0; i < ROUNDS; i++) {
        while (rounds_begun <= i)
            sched_yield();
        free(asker(100));
        rounds_done = i + 1;
    }
    return arg;
}

/* Until the thread sleeps in futex(): /proc/self/task/TID/syscall begins with the system call's number. */
static void asleep_await(int tid)
{
    char path[64], text[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
    for (long number = -1; number != SYS_futex;) {
        int fd = open(path, O_RDONLY);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        if (fd >= 0)
            close(fd);
        text[n > 0 ? n : 0] = 0;
        number = n > 0 && strncmp(text, "running", 7) ? strtol(text, NULL, 10) : -1;
    }
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_main, NULL))
        return 1;
    while (!asker_tid)
        sched_yield();
    for (int i = 0; i < ROUNDS; i++) {
        __lock(__malloc_lock);
        rounds_begun = i + 1;
        asleep_await(asker_tid);
        __unlock(__malloc_lock);
        while (rounds_done <= i)
            sched_yield();
    }
    return pthread_join(thread, NULL);
}
