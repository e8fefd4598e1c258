/* kernel_lock_subject mmap|file|pipe SLEEPS: threads that get in each other's way at one lock of the
 * kernel's, and at nothing else, until each has slept for it SLEEPS times: at the mmap_lock of their address
 * space, by system calls on memory and page faults; at the lock of a file that they write, or of a pipe. Then
 * each sleeps for no lock RESTS times.  Says how often each has slept and rested, which is how often it gave
 * its CPU up of its own accord. */
#include "subject_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { THREADS = 4, PAGE = 4096, AREA = 64 * PAGE, APART = AREA + PAGE, RESTS = 64 };

struct worker {
    pthread_t thread;
    int number;
    long slept, rested;
};

static _Atomic int satisfied;
static char *areas;  /* one a worker, with a page without access behind it: so no two become one mapping */
static char *buffer; /* of AREA bytes */
static int file, ends[2];
static char taken[THREADS][AREA];

static void fail(const char *what)
{
    perror(what);
    exit(3);
}

/* Maps the worker's area anew, in place of what it was. */
static char *area_map(int number, int access)
{
    char *area = areas + (size_t)number * APART;
    if (mmap(area, AREA, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != area)
        fail("mmap");
    return area;
}

static void memory_use(int number)
{
    char *area = area_map(number, PROT_READ | PROT_WRITE);
    for (int at = 0; at < AREA; at += PAGE)
        *(volatile char *)(area + at) = 1;
    if (mprotect(area, AREA, PROT_READ))
        fail("mprotect");
    area_map(number, PROT_NONE);
}

static void file_use(int number)
{
    (void)number;
    if (pwrite(file, buffer, AREA, 0) != AREA)
        fail("pwrite");
}

/* Neither waits for the other: what doesn't fit or isn't there is refused. */
static void pipe_use(int number)
{
    const ssize_t moved = number % 2 ? write(ends[1], buffer, AREA) : read(ends[0], taken[number], AREA);
    if (moved < 0 && errno != EAGAIN)
        fail("pipe");
}

static void (*use)(int number);
static long sleeps;

static long switches(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

static void *worker_run(void *arg)
{
    struct worker *w = arg;
    char name[16];
    snprintf(name, sizeof(name), "worker%d", w->number);
    prctl(PR_SET_NAME, name);
    const long before = switches();
    for (bool counted = false; satisfied < THREADS;) {
        use(w->number);
        w->slept = switches() - before;
        if (!counted && w->slept >= sleeps) {
            counted = true;
            satisfied++;
        }
    }
    for (const long then = switches(); w->rested < RESTS; w->rested = switches() - then)
        sleep_ms(1);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct worker workers[THREADS];
    const char *what = argc > 1 ? argv[1] : "";
    use = !strcmp(what, "mmap") ? memory_use : !strcmp(what, "file") ? file_use : pipe_use;
    sleeps = strtol(argc > 2 ? argv[2] : "1", NULL, 10);
    areas = mmap(NULL, (size_t)THREADS * APART, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    buffer = malloc(AREA);
    file = memfd_create("written", 0);
    if (areas == MAP_FAILED || !buffer || file < 0 || pipe2(ends, O_NONBLOCK) ||
        fcntl(ends[1], F_SETPIPE_SZ, AREA) < 0)
        fail("memory");
    memset(buffer, 1, AREA);
    for (int i = 0; i < THREADS; i++) {
        workers[i].number = i;
        if (pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]))
            fail("pthread_create");
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        printf("worker%d.slept=%ld\nworker%d.rested=%ld\n", i, workers[i].slept, i, workers[i].rested);
    }
    return 0;
}
