/* Waits for each kind of jemalloc's locks, with jemalloc's own account of them: how often each was taken, how
 * many threads waited, for how long in all and at most.  Threads allocate by one way after the other, each
 * until its lock has had waits enough.  Prints ROLE.taken=, ROLE.waits=, ROLE.wait_ns= and ROLE.longest_ns=;
 * roles are called as heapwait does, without blanks.  1: there were too few waits in a minute. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    THREADS = 6,
    BLOCKS = 64,
    ENOUGH_WAITS = 20,
    ENOUGH_NS = 20000000,
    POLL_NS = 2000000,
    MOST_POLLS = 30000
};

/* One arena for all, and nothing kept for each thread. */
extern const char *malloc_conf;
const char *malloc_conf = "narenas:1,tcache:false";
extern int mallctl(const char *name, void *old, size_t *old_size, void *new, size_t new_size);

/* Takes the place of the C library's: jemalloc would time its waits by a clock of some milliseconds. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    return (int)syscall(SYS_clock_gettime, clock == CLOCK_MONOTONIC_COARSE ? CLOCK_MONOTONIC : clock, now);
}

/* ---- jemalloc's account ---- */

struct account {
    uint64_t mutexes, taken, waits, wait_ns, longest_ns;
};

static const struct role {
    const char *name;
    const char *mutexes[4]; /* of all arenas' statistics; none: those of the bins */
} roles[] = {
    {"bin", {NULL}},
    {"extents", {"extents_dirty", "extents_muzzy", "extents_retained"}},
    {"purging", {"decay_dirty", "decay_muzzy"}},
    {"descriptors", {"extent_avail"}},
    {"large", {"large"}},
    {"base", {"base"}},
    {"arena", {"tcache_list"}},
};
enum { ROLES = sizeof(roles) / sizeof(roles[0]) };

static uint64_t statistic(const char *mutex, const char *name)
{
    char path[128];
    uint64_t value = 0;
    snprintf(path, sizeof(path), "stats.arenas.4096.%s.%s", mutex, name); /* 4096: all arenas together */
    if (mallctl(path, &value, &(size_t){sizeof(value)}, NULL, 0)) {
        fprintf(stderr, "jemalloc keeps no %s\n", path);
        exit(1);
    }
    return value;
}

static void account_add(struct account *a, const char *mutex)
{
    const uint64_t waits = statistic(mutex, "num_wait"), longest = statistic(mutex, "max_wait_time");
    a->mutexes += waits > 0;
    a->taken += statistic(mutex, "num_ops");
    a->waits += waits;
    a->wait_ns += statistic(mutex, "total_wait_time");
    a->longest_ns = longest > a->longest_ns ? longest : a->longest_ns;
}

static struct account account_of(const struct role *role)
{
    char mutex[64];
    unsigned bins = 0;
    struct account a = {0};
    for (int i = 0; role->mutexes[i]; i++) {
        snprintf(mutex, sizeof(mutex), "mutexes.%s", role->mutexes[i]);
        account_add(&a, mutex);
    }
    if (!role->mutexes[0])
        mallctl("arenas.nbins", &bins, &(size_t){sizeof(bins)}, NULL, 0);
    for (unsigned i = 0; i < bins; i++) {
        snprintf(mutex, sizeof(mutex), "bins.%u.mutex", i);
        account_add(&a, mutex);
    }
    return a;
}

static void accounts_renew(void)
{
    uint64_t epoch = 1;
    mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
}

/* ---- ways to allocate ---- */

static void small_blocks(void **block, uint64_t chance)
{
    free(*block);
    *block = malloc(64 + (chance & 1023));
}

static void large_blocks(void **block, uint64_t chance)
{
    free(*block);
    *block = malloc(16384 + (chance & 0x1ffff));
}

/* Large blocks, whose pages are given back to the kernel at once. */
static void purged_blocks(void **block, uint64_t chance)
{
    large_blocks(block, chance);
    if (*block)
        *(volatile char *)*block = 1;
    mallctl("arena.0.purge", NULL, NULL, NULL, 0);
}

/* The lock of roles[i] for the i-th. */
static void (*const ways[])(void **block, uint64_t chance) = {small_blocks, large_blocks, purged_blocks};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static atomic_int way; /* WAYS: no further one */

static void *thread_main(void *number)
{
    uint64_t chance = (uintptr_t)number + 1;
    void *blocks[BLOCKS] = {NULL};
    for (int now = way; now < WAYS; now = way) {
        chance = chance * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
        ways[now](&blocks[chance >> 40 & (BLOCKS - 1)], chance >> 46);
    }
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return NULL;
}

/* Until the way's lock has had waits of which some must have slept.  Returns false if they don't come. */
static bool waits_await(const struct role *role)
{
    for (int i = 0; i < MOST_POLLS; i++) {
        nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
        accounts_renew();
        struct account a = account_of(role);
        if (a.waits >= ENOUGH_WAITS && a.wait_ns >= ENOUGH_NS)
            return true;
    }
    return false;
}

int main(void)
{
    pthread_t threads[THREADS];
    bool enough = true;
    for (intptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, thread_main, (void *)i))
            return 1;
    for (; way < WAYS; way++)
        enough &= waits_await(&roles[way]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    accounts_renew();
    for (int i = 0; i < ROLES; i++) {
        const char *role = roles[i].name;
        struct account a = account_of(&roles[i]);
        printf("%s.mutexes=%" PRIu64 "\n%s.taken=%" PRIu64 "\n%s.waits=%" PRIu64 "\n", role, a.mutexes, role,
               a.taken, role, a.waits);
        printf("%s.wait_ns=%" PRIu64 "\n%s.longest_ns=%" PRIu64 "\n", role, a.wait_ns, role, a.longest_ns);
    }
    return !enough;
}
