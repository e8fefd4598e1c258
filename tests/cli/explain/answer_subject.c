/* Programs of which it is known by construction what they spend their time on.
 * answer_subject KIND [without]: does a fixed amount of work of that kind, see `kinds`.  With `without` the
 * same work is done without locks: those of its own are left out, so that sums may be wrong; malloc takes
 * none in processes of one thread each. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { MAX_THREADS = 8, LIVE = 64, COUNTERS = 4096, PAGE = 4096 };

static bool without;
static volatile double sink;

static unsigned next_random(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static double arithmetic(double x, long steps)
{
    for (long i = 0; i < steps; i++)
        x = x * 1.0000001 + 0.5;
    return x;
}

static void nap(long ns)
{
    const struct timespec t = {.tv_nsec = ns};
    nanosleep(&t, NULL);
}

/* ---- malloc's lock ---- */

enum { BLOCK = 2000 }; /* more than glibc keeps per thread */

__attribute__((noinline)) static void *block_take(void)
{
    volatile char *block = malloc(BLOCK);
    if (!block)
        abort();
    *block = 1;
    return (void *)block;
}

static void malloc_much(unsigned seed, long rounds)
{
    void *live[LIVE] = {0};
    for (long i = 0; i < rounds; i++) {
        void **at = &live[next_random(&seed) % LIVE];
        free(*at);
        *at = block_take();
    }
    for (size_t i = 0; i < LIVE; i++)
        free(live[i]);
}

/* ---- malloc's memory ---- */

static void malloc_mapped(unsigned seed, long rounds)
{
    for (long i = 0; i < rounds; i++) {
        const size_t size = 256 * 1024 + (size_t)(next_random(&seed) % 8) * PAGE;
        volatile char *block = malloc(size);
        if (!block)
            abort();
        for (size_t at = 0; at < size; at += PAGE)
            block[at] = 1;
        free((void *)block);
    }
}

/* ---- page faults without malloc ----
 *
 * Large pages, where the kernel makes such: under some hypervisors a fault for a small one takes longer in
 * the hypervisor, where it is the program's own instruction that takes it, than in the kernel. */

static void own_pages(unsigned seed, long rounds)
{
    const size_t size = 32 << 20;
    for (long i = 0; i < rounds; i++) {
        volatile char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED)
            abort();
        madvise((void *)map, size, MADV_HUGEPAGE);
        for (size_t at = 0; at < size; at += PAGE)
            map[at] = (char)seed;
        munmap((void *)map, size);
    }
}

/* ---- locks of the program's own ---- */

static pthread_mutex_t stats_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int spin_word;
static unsigned counters[COUNTERS];

static void counters_add(unsigned x)
{
    for (unsigned i = 0; i < 30; i++)
        counters[(x + 37 * i) % COUNTERS] += x;
}

__attribute__((noinline)) static void stats_update(unsigned x)
{
    if (!without)
        pthread_mutex_lock(&stats_lock);
    counters_add(x);
    if (!without)
        pthread_mutex_unlock(&stats_lock);
}

static void own_mutex(unsigned seed, long rounds)
{
    for (long i = 0; i < rounds; i++)
        stats_update(next_random(&seed));
}

__attribute__((noinline)) static void spin_lock(void)
{
    while (atomic_exchange_explicit(&spin_word, 1, memory_order_acquire))
        while (atomic_load_explicit(&spin_word, memory_order_relaxed))
            ;
}

static void own_spinlock(unsigned seed, long rounds)
{
    for (long i = 0; i < rounds; i++) {
        if (!without)
            spin_lock();
        counters_add(next_random(&seed));
        if (!without)
            atomic_store_explicit(&spin_word, 0, memory_order_release);
    }
}

/* ---- a queue whose consumers have little to do ---- */

static pthread_mutex_t jobs_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t jobs_there = PTHREAD_COND_INITIALIZER;
static long jobs;
static bool jobs_end;

static void *consume(void *argument)
{
    double x = 1;
    pthread_mutex_lock(&jobs_lock);
    for (;;) {
        while (!jobs && !jobs_end)
            pthread_cond_wait(&jobs_there, &jobs_lock);
        if (!jobs)
            break;
        jobs--;
        pthread_mutex_unlock(&jobs_lock);
        x = arithmetic(x, 20000);
        pthread_mutex_lock(&jobs_lock);
    }
    pthread_mutex_unlock(&jobs_lock);
    sink = x;
    return argument;
}

/* The producer computes for long before each job. */
static void idle_queue(unsigned seed, long rounds)
{
    enum { CONSUMERS = 3 };
    pthread_t consumers[CONSUMERS];
    double x = seed;
    for (size_t i = 0; i < CONSUMERS; i++)
        if (pthread_create(&consumers[i], NULL, consume, NULL))
            abort();
    for (long i = 0; i <= rounds; i++) {
        x = i < rounds ? arithmetic(x, 200000) : x;
        pthread_mutex_lock(&jobs_lock);
        jobs += i < rounds;
        jobs_end = i == rounds;
        if (jobs_end)
            pthread_cond_broadcast(&jobs_there);
        else
            pthread_cond_signal(&jobs_there);
        pthread_mutex_unlock(&jobs_lock);
    }
    for (size_t i = 0; i < CONSUMERS; i++)
        pthread_join(consumers[i], NULL);
    sink = x;
}

/* ---- no lock ---- */

static void compute(unsigned seed, long rounds)
{
    malloc_much(seed, rounds / 2000000);
    sink = arithmetic(seed, rounds);
}

/* Locks that cost something beside work of a thread's own. */
enum { OWN_STEPS = 1000 };

static void malloc_some(unsigned seed, long rounds)
{
    double x = seed;
    void *live[LIVE] = {0}; /* so many that malloc keeps its pages: it is its lock that is meant */
    for (long i = 0; i < rounds; i++) {
        x = arithmetic(x, OWN_STEPS);
        free(live[i % LIVE]);
        live[i % LIVE] = block_take();
    }
    for (size_t i = 0; i < LIVE; i++)
        free(live[i]);
    sink = x;
}

static void own_mutex_some(unsigned seed, long rounds)
{
    double x = seed;
    for (long i = 0; i < rounds; i++) {
        x = arithmetic(x, OWN_STEPS);
        stats_update(next_random(&seed));
    }
    sink = x;
}

/* Two arrays of a thread's own that no cache holds: each round streams over both. */
static void stream(unsigned seed, long rounds)
{
    enum { NUMBERS = 2 << 20 };
    double *from = malloc(NUMBERS * sizeof(*from)), *to = malloc(NUMBERS * sizeof(*to));
    if (!from || !to)
        abort();
    for (size_t i = 0; i < NUMBERS; i++) {
        from[i] = (double)(i + seed);
        to[i] = 1;
    }
    for (long round = 0; round < rounds; round++)
        for (size_t i = 0; i < NUMBERS; i++)
            to[i] += 0.5 * from[i];
    sink = to[seed];
    free(from);
    free(to);
}

static void read_and_sleep(unsigned seed, long rounds)
{
    char buffer[PAGE];
    const int fd = open("/proc/self/exe", O_RDONLY);
    if (fd < 0)
        abort();
    for (long i = 0; i < rounds; i++) {
        if (pread(fd, buffer, sizeof(buffer), (off_t)(next_random(&seed) % 4) * 1024) < 0)
            abort();
        nap(2000000);
    }
    close(fd);
}

static void *short_life(void *argument)
{
    sink = arithmetic(1, *(const long *)argument);
    return argument;
}

static void short_lives(unsigned seed, long rounds)
{
    (void)seed;
    long steps = 100000;
    for (long i = 0; i < rounds; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, short_life, &steps))
            abort();
        pthread_join(thread, NULL);
    }
}

static const struct kind {
    const char *name;
    void (*work)(unsigned seed, long rounds); /* of each thread */
    int threads;
    long rounds;
    bool one_arena; /* glibc's malloc has one lock, as musl's: it is malloc's that is meant */
} kinds[] = {
    {"malloc_lock", malloc_much, 4, 2500000, true},
    {"malloc_mapped", malloc_mapped, 4, 5000, false}, /* above malloc's threshold for mmap() */
    {"malloc_one_thread", malloc_much, 1, 10000000, true},
    {"own_pages", own_pages, 2, 160, false},     /* mmap(), touch, munmap() */
    {"own_mutex", own_mutex, 4, 3000000, false}, /* stats_lock */
    {"own_spinlock", own_spinlock, 4, 1500000, false},
    {"idle_queue", idle_queue, 1, 800, false}, /* three consumers wait for jobs */
    {"compute", compute, 4, 100000000, true},  /* and a little contended malloc */
    {"malloc_some", malloc_some, 4, 150000, true},
    {"own_mutex_some", own_mutex_some, 4, 150000, false},
    {"stream", stream, 4, 80, false}, /* as fast as memory is, not the CPUs */
    {"read_and_sleep", read_and_sleep, 4, 200, false},
    {"short_lives", short_lives, 2, 1500, false},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static const struct kind *kind;

static void *thread_work(void *seed)
{
    kind->work(*(const unsigned *)seed, kind->rounds);
    return NULL;
}

static void threads_run(void)
{
    pthread_t threads[MAX_THREADS];
    unsigned seeds[MAX_THREADS];
    for (int i = 0; i < kind->threads; i++) {
        seeds[i] = (unsigned)i + 1;
        if (pthread_create(&threads[i], NULL, thread_work, &seeds[i]))
            abort();
    }
    for (int i = 0; i < kind->threads; i++)
        pthread_join(threads[i], NULL);
}

static void processes_run(void)
{
    for (unsigned seed = 1; seed <= (unsigned)kind->threads; seed++) {
        const pid_t child = fork();
        if (child < 0)
            abort();
        if (!child) {
            thread_work(&seed);
            _exit(0);
        }
    }
    int status;
    while (wait(&status) > 0)
        if (status)
            abort();
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < KINDS && argc > 1; i++)
        if (!strcmp(kinds[i].name, argv[1]))
            kind = &kinds[i];
    if (!kind) {
        fprintf(stderr, "answer_subject KIND [without]\n");
        return 2;
    }
    without = argc > 2;
#ifdef __GLIBC__
    if (kind->one_arena)
        mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024); /* fixed: it grows otherwise */
#endif
    if (without && kind->one_arena)
        processes_run();
    else
        threads_run();
    return 0;
}
