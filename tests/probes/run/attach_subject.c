/* The program that tests attach to: it does what it is told, line by line, and says "ok" when it has done it.
 * It synchronises by pipes and by looking at /proc, never by futexes, so that nothing but what it is told
 * lands on its words. */
#include "subject_parts.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

_Alignas(64) uint32_t known_word;
_Alignas(64) uint32_t parked_word;
_Alignas(64) uint32_t left_word;

static _Atomic int parked, order, done;

static void wakes(int count)
{
    for (int i = 0; i < count; i++)
        if (futex(&known_word, FUTEX_WAKE, 1) != 0)
            abort();
}

/* Spins for its orders: a thread that is on a CPU when it is attached to, and makes no system call of its
 * own. */
static void *worker(void *arg)
{
    (void)arg;
    for (int seen = 0;;) {
        if (order == seen)
            continue;
        seen = order;
        if (seen < 0)
            return NULL;
        wakes(seen & 0xffff);
        done = seen;
    }
}

static void *parker(void *word)
{
    parked = (int)syscall(SYS_gettid);
    while (futex(word, FUTEX_WAIT, 0))
        ;
    return NULL;
}

static void *newcomer(void *arg)
{
    wakes(*(int *)arg);
    done = -1;
    return NULL;
}

static void parker_start(uint32_t *word)
{
    pthread_t thread;
    parked = 0;
    if (pthread_create(&thread, NULL, parker, word))
        abort();
    while (!parked)
        sched_yield();
    asleep_await(getpid(), parked, SYS_futex);
}

static void worker_tell(int count)
{
    static int orders;
    int next = ++orders << 16 | count;
    order = next;
    while (done != next)
        sched_yield();
}

/* Detached: to join it would be a futex call. */
static void newcomer_run(int count)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    done = 0;
    if (pthread_create(&thread, &attr, newcomer, &count))
        abort();
    while (done != -1)
        sched_yield();
}

static void child_run(int count)
{
    pid_t child = fork();
    if (!child) {
        wakes(count);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

/* "wake N" in the main thread, "old N" in a thread from the beginning, "new N" in a new one, "child N"; "park
 * WHICH" starts a thread that waits, "unpark" wakes it; "exec", "exit STATUS". */
static void obey(const char *what, int n, char **argv)
{
    static pthread_t thread;
    if (!strcmp(what, "wake"))
        wakes(n);
    else if (!strcmp(what, "start")) {
        if (pthread_create(&thread, NULL, worker, NULL))
            abort();
    } else if (!strcmp(what, "old"))
        worker_tell(n);
    else if (!strcmp(what, "new"))
        newcomer_run(n);
    else if (!strcmp(what, "child"))
        child_run(n);
    else if (!strcmp(what, "park"))
        parker_start(n ? &left_word : &parked_word);
    else if (!strcmp(what, "unpark")) {
        if (futex(&parked_word, FUTEX_WAKE, 1) != 1)
            abort();
    } else if (!strcmp(what, "exec"))
        execl("/proc/self/exe", argv[0], (char *)NULL);
    else
        _exit(!strcmp(what, "exit") ? n : 99);
}

int main(int argc, char **argv)
{
    char line[64], what[16];
    (void)argc;
    printf("%d\n", (int)getpid());
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        int n = 0;
        if (sscanf(line, "%15s %d", what, &n) < 1)
            continue;
        obey(what, n, argv);
        puts("ok");
        fflush(stdout);
    }
    return 98;
}
