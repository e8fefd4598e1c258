/* The program that the probe tests trace: each mode makes an exactly known number of futex calls on words
 * with names.  It synchronises by atomics and by looking at /proc, never by futexes or fixed sleeps, so that
 * nothing but the calls that it means to make lands on its words. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SLEPT = 23, EAGAINS = 1009, EMPTY_WAKES = 211, SLEEP_NS = 2000000 };

_Alignas(64) uint32_t known_word;
_Alignas(64) uint32_t other_word;
_Alignas(64) uint32_t pi_word;
_Alignas(64) uint32_t many_words[1 << 17];

static _Atomic int waiter_tid, rounds_begun;

static long futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout, uint32_t *word2,
                  uint32_t value3)
{
    return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, timeout, word2, value3);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* A file of a thread's in /proc as a string; empty when it can't be read. */
static void proc_read(int pid, int tid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
    text[n > 0 ? n : 0] = 0;
    if (fd >= 0)
        close(fd);
}

/* Until the thread sleeps in futex(): its state is S, which a stop by a tracer on the way in is not, and
 * `syscall` begins with the system call's number. */
static void asleep_await(int pid, int tid)
{
    char text[512];
    for (;;) {
        proc_read(pid, tid, "stat", text, sizeof(text));
        const char *name_end = strrchr(text, ')');
        if (!name_end || strncmp(name_end, ") S", 3))
            continue;
        proc_read(pid, tid, "syscall", text, sizeof(text));
        if (strtol(text, NULL, 10) == SYS_futex && strncmp(text, "running", 7))
            return;
    }
}

static void sleep_ns(long ns)
{
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

static void *known_waiter(void *arg)
{
    uint64_t *total = arg;
    waiter_tid = (int)syscall(SYS_gettid);
    for (int i = 0; i < SLEPT; i++) {
        uint64_t start = now_ns();
        rounds_begun = i + 1;
        if (futex(&known_word, FUTEX_WAIT, 0, NULL, NULL, 0))
            abort();
        *total += now_ns() - start;
    }
    return NULL;
}

static int known(void)
{
    pthread_t thread;
    uint64_t slept_ns = 0;
    pthread_create(&thread, NULL, known_waiter, &slept_ns);
    for (int i = 0; i < SLEPT; i++) {
        while (rounds_begun != i + 1)
            sched_yield();
        asleep_await(getpid(), waiter_tid);
        sleep_ns(SLEEP_NS);
        if (futex(&known_word, FUTEX_WAKE, 1, NULL, NULL, 0) != 1)
            abort();
    }
    pthread_join(thread, NULL);
    for (int i = 0; i < EAGAINS; i++)
        if (futex(&known_word, FUTEX_WAIT, 1, NULL, NULL, 0) != -1 || errno != EAGAIN)
            abort();
    for (int i = 0; i < EMPTY_WAKES; i++)
        if (futex(&known_word, FUTEX_WAKE, 1, NULL, NULL, 0) != 0)
            abort();
    printf("%llu\n", (unsigned long long)slept_ns);
    return 0;
}

static void on_signal(int signal)
{
    (void)signal;
}

static void *forever_waiter(void *arg)
{
    (void)arg;
    waiter_tid = (int)syscall(SYS_gettid);
    for (;;)
        futex(&known_word, FUTEX_WAIT, 0, NULL, NULL, 0);
    return NULL;
}

/* One call of each kind that the first mode doesn't make; the counts are the test's. */
static int kinds(void)
{
    struct timespec soon = {.tv_nsec = 1000000};
    struct sigaction action = {.sa_handler = on_signal};
    for (int i = 0; i < 3; i++)
        futex(&known_word, FUTEX_WAIT, 0, &soon, NULL, 0); /* timeout */
    for (int i = 0; i < 4; i++)
        futex(&known_word, FUTEX_WAIT_BITSET, 1, NULL, NULL, FUTEX_BITSET_MATCH_ANY); /* EAGAIN */
    for (int i = 0; i < 5; i++)
        futex(&known_word, FUTEX_WAKE_BITSET, 1, NULL, NULL, FUTEX_BITSET_MATCH_ANY); /* empty wake */
    for (int i = 0; i < 6; i++)
        futex(&known_word, FUTEX_REQUEUE, 1, (void *)1, &other_word, 0); /* moves nobody */
    for (int i = 0; i < 7; i++)
        futex(&known_word, FUTEX_CMP_REQUEUE, 1, (void *)1, &other_word, 1); /* EAGAIN */
    for (int i = 0; i < 8; i++)
        futex(&known_word, FUTEX_WAKE_OP, 1, (void *)1, &other_word,
              FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_EQ, 0));
    for (int i = 0; i < 9; i++)
        if (futex(&pi_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) ||
            futex(&pi_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0))
            abort();
    for (int i = 0; i < 10; i++)
        if (futex(&pi_word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0) ||
            futex(&pi_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0))
            abort();
    for (int i = 0; i < 11; i++)
        futex((uint32_t *)((char *)&known_word + 1), FUTEX_WAIT, 0, NULL, NULL, 0); /* EINVAL: not aligned */
    sigaction(SIGALRM, &action, NULL);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct itimerspec every = {.it_value = soon, .it_interval = {.tv_nsec = 50000000}};
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &every, NULL);
    futex(&other_word, FUTEX_WAIT, 0, NULL, NULL, 0); /* EINTR */
    timer_delete(timer);
    return 0;
}

struct futex_waitv_entry {
    uint64_t value, address;
    uint32_t flags, reserved;
};

/* futex_waitv (449) with the second word's value wrong: EAGAIN; futex_wake (454), futex_wait (455) and
 * futex_requeue (456) where the kernel has them.  Prints how many of each were made. */
static int newer(void)
{
    struct futex_waitv_entry entries[2] = {{0, (uintptr_t)&known_word, 2 | FUTEX_PRIVATE_FLAG, 0},
                                           {1, (uintptr_t)&other_word, 2 | FUTEX_PRIVATE_FLAG, 0}};
    int waitv = syscall(449, NULL, 0, 0, NULL, 0) == -1 && errno != ENOSYS;
    int split = syscall(454, NULL, 0, 0, 0) == -1 && errno != ENOSYS;
    for (int i = 0; waitv && i < 3; i++)
        if (syscall(449, entries, 2, 0, NULL, 0) != -1 || errno != EAGAIN)
            abort();
    for (int i = 0; split && i < 5; i++)
        if (syscall(454, &known_word, 0xfffffffful, 1, 2 | FUTEX_PRIVATE_FLAG) != 0)
            abort();
    for (int i = 0; split && i < 7; i++)
        if (syscall(455, &known_word, 1ul, 0xfffffffful, 2 | FUTEX_PRIVATE_FLAG, NULL, 0) != -1 ||
            errno != EAGAIN)
            abort();
    entries[1].value = 0;
    for (int i = 0; split && i < 9; i++)
        if (syscall(456, entries, 0, 1, 1) != 0)
            abort();
    printf("%d %d\n", waitv, split);
    return 0;
}

static int wakes(int count)
{
    for (int i = 0; i < count; i++)
        futex(&known_word, FUTEX_WAKE, 1, NULL, NULL, 0);
    return 0;
}

/* Itself 1 wake, a child 2, a grandchild that a thread of the child forks 4. */
static void *grandchild(void *arg)
{
    (void)arg;
    if (!fork())
        _exit(wakes(4));
    wait(NULL);
    return NULL;
}

static int forks(void)
{
    wakes(1);
    if (!fork()) {
        pthread_t thread;
        wakes(2);
        pthread_create(&thread, NULL, grandchild, NULL);
        pthread_join(thread, NULL);
        _exit(0);
    }
    wait(NULL);
    return 0;
}

static int killed(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, forever_waiter, NULL);
    while (!waiter_tid)
        sched_yield();
    asleep_await(getpid(), waiter_tid);
    kill(getpid(), SIGKILL);
    pause();
    return 99;
}

/* `count` different words, two empty wakes on each. */
static int many(int count)
{
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 2; k++)
            futex(&many_words[i], FUTEX_WAKE, 1, NULL, NULL, 0);
    return 0;
}

/* Leaves a child behind that has made one empty wake and waits; prints its pid, for the test to end it. */
static int survivor(void)
{
    int ready[2];
    char c;
    if (pipe(ready))
        abort();
    pid_t child = fork();
    if (!child) {
        setsid();
        alarm(20); /* whatever happens, it does not stay */
        futex(&known_word, FUTEX_WAKE, 1, NULL, NULL, 0);
        if (write(ready[1], "r", 1) != 1)
            abort();
        futex(&known_word, FUTEX_WAIT, 0, NULL, NULL, 0);
        _exit(0);
    }
    if (read(ready[0], &c, 1) != 1)
        abort();
    asleep_await(child, child);
    printf("%d\n", child);
    return 0;
}

/* Empty wakes on the mutexes of glibc's arenas, which is where their waiters would be: 3 on a thread arena's,
 * 5 on main_arena's, 7 on a word that lies where an arena's would, but in a mapping that is none. */
static void *arena_wakes(void *arg)
{
    const uint64_t heap_size = 64ull << 20;
    char *block = malloc(100);
    uint64_t heap = (uint64_t)(uintptr_t)block & ~(heap_size - 1);
    uint64_t arena = *(uint64_t *)(uintptr_t)heap; /* heap_info.ar_ptr */
    int newer =
        *(uint64_t *)(uintptr_t)(arena + 2040) == arena + 2024; /* the last bin, empty, of glibc 2.43 */
    uint64_t next = *(uint64_t *)(uintptr_t)(arena + (newer ? 2072 : 2160));
    (void)arg;
    for (int i = 0; i < 3; i++)
        futex((uint32_t *)(uintptr_t)arena, FUTEX_WAKE, 1, NULL, NULL, 0);
    for (int i = 0; i < 5; i++)
        futex((uint32_t *)(uintptr_t)next, FUTEX_WAKE, 1, NULL, NULL, 0);
    char *other =
        mmap(NULL, 2 * heap_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uint64_t boundary = ((uint64_t)(uintptr_t)other + heap_size - 1) & ~(heap_size - 1);
    for (int i = 0; i < 7; i++)
        futex((uint32_t *)(uintptr_t)(boundary + 0x30), FUTEX_WAKE, 1, NULL, NULL, 0);
    free(block);
    return NULL;
}

static int arenas(void)
{
    pthread_t thread;
    free(malloc(1)); /* main_arena comes to life */
    pthread_create(&thread, NULL, arena_wakes, NULL);
    pthread_join(thread, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 0;
    if (!strcmp(mode, "known"))
        return known();
    if (!strcmp(mode, "kinds"))
        return kinds();
    if (!strcmp(mode, "newer"))
        return newer();
    if (!strcmp(mode, "wakes"))
        return wakes(count);
    if (!strcmp(mode, "forks"))
        return forks();
    if (!strcmp(mode, "killed"))
        return killed();
    if (!strcmp(mode, "many"))
        return many(count);
    if (!strcmp(mode, "arenas"))
        return arenas();
    if (!strcmp(mode, "survivor"))
        return survivor();
    if (!strcmp(mode, "exec")) { /* wakes 3, then becomes itself with 5, in the same process */
        wakes(3);
        execl("/proc/self/exe", argv[0], "wakes", "5", (char *)NULL);
    }
    if (!strcmp(mode, "exit")) {
        wakes(1);
        return count;
    }
    return 99;
}
