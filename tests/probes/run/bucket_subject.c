/* Two threads on two CPUs that collide in the kernel: `bucket_subject COUNT`.  Each makes COUNT waits that
 * find another value, on one word for both (`shared_word`), whose hash bucket they lock in turn; and as many
 * wakes that wake nobody. Before and after it, alone, as many of the same on `quiet_word`.  77: this machine
 * has one CPU. */
#include "subject_parts.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { CANNOT = 77, THREADS = 2 };

/* Not neighbours, so that they are in one bucket by accident alone. */
_Alignas(4096) uint32_t shared_word;
_Alignas(4096) uint32_t quiet_word;

static long count;
static atomic_int arrived;

static void calls(uint32_t *word)
{
    for (long i = 0; i < count; i++) {
        futex(word, FUTEX_WAIT, 1);
        futex(word, FUTEX_WAKE, 1);
    }
}

static void *thread_run(void *cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t) * (int *)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set))
        abort();
    arrived++;
    while (arrived < THREADS)
        sched_yield();
    calls(&shared_word);
    return NULL;
}

/* Fills cpus[] with the first CPUs that it may use.  Returns how many there are. */
static int cpus_find(int cpus[THREADS])
{
    cpu_set_t allowed;
    int found = 0;
    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return 0;
    for (int cpu = 0; cpu < CPU_SETSIZE && found < THREADS; cpu++)
        if (CPU_ISSET((size_t)cpu, &allowed))
            cpus[found++] = cpu;
    return found;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    int cpus[THREADS];
    count = argc > 1 ? atol(argv[1]) : 1;
    if (cpus_find(cpus) < THREADS)
        return CANNOT;
    calls(&quiet_word);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, thread_run, &cpus[i]))
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    calls(&quiet_word);
    return 0;
}
