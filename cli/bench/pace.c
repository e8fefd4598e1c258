/* See pace.h.  A look is a loop of fixed length on all CPUs at once, each in a thread that is bound to it. */
#include "cli/bench/pace.h"

#include "probes/host/clock.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A look is a millisecond or less.  The tolerance lies between what looks of one pace differ by (3 %, one in
 * ten by more) and what two paces do (80 %). */
enum { LOOK_STEPS = 1000000, PACE_TOLERANCE_PERCENT = 20 };
/* LOOK_EVERY_NS: between two looks while waiting.  WAIT_MOST_NS, WAIT_ALL_NS: the longest wait before one
 * run, and before all runs together. */
#define LOOK_EVERY_NS 20000000
#define WAIT_MOST_NS  5000000000ULL
#define WAIT_ALL_NS   900000000000ULL

struct pace_cpu {
    int number;
    bool bound;
    uint64_t ns, best_ns;
    pthread_t thread;
};

struct pace {
    struct pace_counts counts;
    uint64_t waited_ns;
    size_t cpu_count;
    struct pace_cpu cpus[]; /* cpu_count */
};

/* Takes LOOK_STEPS loads and stores that depend on each other: of all simple loops the one that a busy
 * neighbour slows most. */
static void steps_take(void)
{
    volatile unsigned step = 0;
    while (step < LOOK_STEPS)
        step += 1;
}

static void *cpu_look(void *context)
{
    struct pace_cpu *cpu = context;
    cpu_set_t *only = CPU_ALLOC((size_t)cpu->number + 1);
    size_t size = CPU_ALLOC_SIZE((size_t)cpu->number + 1);
    cpu->bound = false;
    if (!only)
        return NULL;
    CPU_ZERO_S(size, only);
    CPU_SET_S((size_t)cpu->number, size, only);
    cpu->bound = !pthread_setaffinity_np(pthread_self(), size, only);
    CPU_FREE(only);
    uint64_t start = clock_monotonic_ns();
    steps_take();
    cpu->ns = clock_monotonic_ns() - start;
    return NULL;
}

/* Takes one look at all CPUs.  Returns true if one of them was better than ever. */
static bool look(struct pace *p)
{
    bool better = false;
    size_t started = 0;
    while (started < p->cpu_count &&
           !pthread_create(&p->cpus[started].thread, NULL, cpu_look, &p->cpus[started]))
        started++;
    for (size_t i = 0; i < p->cpu_count; i++) {
        struct pace_cpu *cpu = &p->cpus[i];
        if (i < started)
            pthread_join(cpu->thread, NULL);
        if (i >= started || !cpu->bound) /* taken offline, or there is no thread to be had: not judged */
            cpu->ns = cpu->best_ns;
        if (!cpu->best_ns || cpu->ns < cpu->best_ns - cpu->best_ns / 20)
            better = true;
        if (!cpu->best_ns || cpu->ns < cpu->best_ns)
            cpu->best_ns = cpu->ns;
    }
    return better;
}

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_NS}, NULL);
}

int pace_open(uint64_t search_ns, struct pace **out, struct error *err)
{
    long most = sysconf(_SC_NPROCESSORS_CONF);
    size_t room = most > 0 ? (size_t)most : 1, size = CPU_ALLOC_SIZE(room);
    struct pace *p = calloc(1, sizeof(*p) + room * sizeof(p->cpus[0]));
    cpu_set_t *allowed = CPU_ALLOC(room);
    int rc = p && allowed ? 0 : error_set(err, -ENOMEM, "out of memory");
    if (!rc && sched_getaffinity(0, size, allowed))
        rc = error_set(err, -errno, "can't ask which CPUs may be used: %s", strerror(errno));
    for (size_t i = 0; i < room && !rc; i++)
        if (CPU_ISSET_S(i, size, allowed))
            p->cpus[p->cpu_count++].number = (int)i;
    if (allowed)
        CPU_FREE(allowed);
    if (rc) {
        free(p);
        return rc;
    }
    uint64_t start = clock_monotonic_ns(), found = start;
    for (uint64_t now = start; now - start < search_ns || now - found < search_ns / 2;
         now = clock_monotonic_ns()) {
        if (look(p))
            found = clock_monotonic_ns();
        rest();
    }
    *out = p;
    return 0;
}

/* One CPU in eight may lag, since on a large machine one of them always does something else. */
bool pace_is_best(struct pace *p)
{
    size_t slow = 0;
    look(p);
    for (size_t i = 0; i < p->cpu_count; i++)
        if (p->cpus[i].ns * 100 > p->cpus[i].best_ns * (100 + PACE_TOLERANCE_PERCENT))
            slow++;
    return slow <= p->cpu_count / 8;
}

bool pace_wait(struct pace *p)
{
    uint64_t start = clock_monotonic_ns(), waited = 0;
    bool best = pace_is_best(p);
    while (!best && waited < WAIT_MOST_NS && p->waited_ns + waited < WAIT_ALL_NS) {
        rest();
        best = pace_is_best(p);
        waited = clock_monotonic_ns() - start;
    }
    p->waited_ns += waited;
    return best;
}

struct pace_counts *pace_counts(struct pace *p)
{
    return &p->counts;
}

void pace_free(struct pace *p)
{
    free(p);
}
