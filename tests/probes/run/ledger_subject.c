/* The program that the ledger's tests trace: each mode spends time in stated states, in named threads, and
 * prints what each measured by its own clocks.  In subject.c a call too many would be an error. */
#include "subject_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMPUTE_MS = 300, SLEEP_MS = 200, BLOCKED_MS = 150, NULL_CALLS = 100000, FRESH_PAGES = 50000 };

_Alignas(64) uint32_t held_word; /* 0: free; 2: taken, with a waiter */
_Alignas(64) uint32_t gate_word; /* 0: closed */

static _Atomic int waiter_tid, started;

/* ---- one thread with a name that measures itself ---- */

struct part {
    const char *name;
    void (*work)(void);
    pthread_t thread;
    uint64_t wall_ns, cpu_ns, queued_ns, faults;
};

static void *part_run(void *arg)
{
    struct part *p = arg;
    char text[128];
    struct rusage usage;
    prctl(PR_SET_NAME, p->name);
    uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    if (p->work)
        p->work();
    getrusage(RUSAGE_THREAD, &usage);
    p->faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
    p->wall_ns = clock_ns(CLOCK_MONOTONIC) - begun_ns;
    folder_file_read("/proc/thread-self/schedstat", text,
                     sizeof(text)); /* on-CPU, waiting for a CPU, times run */
    char *rest = text;
    strtoull(text, &rest, 10);
    p->queued_ns = strtoull(rest, NULL, 10);
    p->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    return NULL;
}

static void part_begin(struct part *p)
{
    if (pthread_create(&p->thread, NULL, part_run, p))
        abort();
}

static void part_end(struct part *p)
{
    pthread_join(p->thread, NULL);
    printf("%s.wall_ns=%llu\n%s.cpu_ns=%llu\n%s.queued_ns=%llu\n%s.faults=%llu\n", p->name,
           (unsigned long long)p->wall_ns, p->name, (unsigned long long)p->cpu_ns, p->name,
           (unsigned long long)p->queued_ns, p->name, (unsigned long long)p->faults);
}

/* Ticks that interrupts and the machine's host took: they are in no thread's CPU clock, but in its time. */
static unsigned long long hidden_ticks(void)
{
    char text[256];
    unsigned long long irq = 0, softirq = 0, steal = 0;
    folder_file_read("/proc/stat", text, sizeof(text));
    sscanf(text, "cpu %*u %*u %*u %*u %*u %llu %llu %llu", &irq, &softirq, &steal);
    return irq + softirq + steal;
}

static void hidden_tell(unsigned long long before)
{
    unsigned long long ns =
        (hidden_ticks() - before + 1) * 1000000000 / (unsigned long long)sysconf(_SC_CLK_TCK);
    printf("hidden_ns=%llu\n", before ? ns : 0);
}

/* ---- mode known: stated times in stated states ---- */

static uint64_t blocked_ns, slept_ns;

static void work_compute(void)
{
    compute_ms(COMPUTE_MS);
}

static void work_sleep(void)
{
    uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    sleep_ms(SLEEP_MS);
    slept_ns = clock_ns(CLOCK_MONOTONIC) - begun_ns;
}

static void work_blocked(void)
{
    uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    waiter_tid = (int)syscall(SYS_gettid);
    if (futex(&held_word, FUTEX_WAIT, 2))
        abort();
    blocked_ns = clock_ns(CLOCK_MONOTONIC) - begun_ns;
}

/* Holds the lock until 150 ms after it has seen the waiter asleep. */
static void work_holder(void)
{
    while (!waiter_tid)
        sched_yield();
    asleep_await(getpid(), waiter_tid, SYS_futex);
    sleep_ms(BLOCKED_MS);
    held_word = 0;
    if (futex(&held_word, FUTEX_WAKE, 1) != 1)
        abort();
}

static void work_nulls(void)
{
    for (int i = 0; i < NULL_CALLS; i++)
        syscall(SYS_getppid);
}

static char *fresh;
static size_t fresh_bytes;
static long page_bytes;

/* Huge pages would be one fault for 512. */
static void fresh_map(void)
{
    page_bytes = sysconf(_SC_PAGESIZE);
    fresh_bytes = (size_t)page_bytes * FRESH_PAGES;
    fresh =
        mmap(NULL, fresh_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fresh == MAP_FAILED)
        abort();
    madvise(fresh, fresh_bytes, MADV_NOHUGEPAGE);
}

static void work_touch(void)
{
    for (long i = 0; i < FRESH_PAGES; i++)
        fresh[i * page_bytes] = 1;
}

static int known(void)
{
    unsigned long long hidden = hidden_ticks();
    struct part parts[] = {{.name = "compute", .work = work_compute},
                           {.name = "sleep", .work = work_sleep},
                           {.name = "blocked", .work = work_blocked},
                           {.name = "holder", .work = work_holder},
                           {.name = "nulls", .work = work_nulls},
                           {.name = "touch", .work = work_touch},
                           {.name = "none"}};
    enum { PARTS = sizeof(parts) / sizeof(parts[0]) };
    fresh_map();
    held_word = 2;
    for (int i = 0; i < PARTS; i++)
        part_begin(&parts[i]);
    for (int i = 0; i < PARTS; i++)
        part_end(&parts[i]);
    /* Else a joined thread that lost its CPU on its way out may be the last one in this memory.  To let the
     * pages go would then be its work, long after it has read its clocks. */
    munmap(fresh, fresh_bytes);
    hidden_tell(hidden);
    printf("blocked_ns=%llu\nslept_ns=%llu\n", (unsigned long long)blocked_ns, (unsigned long long)slept_ns);
    return 0;
}

/* ---- many threads ---- */

static void *millisecond(void *arg)
{
    uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    prctl(PR_SET_NAME, "brief");
    while (clock_ns(CLOCK_MONOTONIC) - begun_ns < 1000000)
        compute(1000);
    return arg;
}

static void *instant(void *arg)
{
    prctl(PR_SET_NAME, "instant");
    return arg;
}

static void *gate_waiter(void *arg)
{
    prctl(PR_SET_NAME, "waiter");
    started++;
    while (!__atomic_load_n(&gate_word, __ATOMIC_ACQUIRE))
        futex(&gate_word, FUTEX_WAIT, 0);
    return arg;
}

static void *spinner(void *arg)
{
    prctl(PR_SET_NAME, "spinner");
    started++;
    for (;;)
        compute(100000);
    return arg;
}

static pthread_t small_thread(void *(*run)(void *))
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    if (pthread_create(&thread, &attributes, run, NULL))
        abort();
    pthread_attr_destroy(&attributes);
    return thread;
}

/* `count` threads, at most 20 at a time. */
static int in_turn(int count, void *(*run)(void *))
{
    enum { AT_ONCE = 20 };
    pthread_t threads[AT_ONCE];
    for (int done = 0; done < count;) {
        int n = 0;
        for (; n < AT_ONCE && done < count; done++)
            threads[n++] = small_thread(run);
        while (n)
            pthread_join(threads[--n], NULL);
    }
    return 0;
}

static int at_once(int count)
{
    pthread_t *threads = calloc((size_t)count, sizeof(*threads));
    for (int i = 0; i < count; i++)
        threads[i] = small_thread(gate_waiter);
    while (started < count)
        sched_yield();
    __atomic_store_n(&gate_word, 1, __ATOMIC_RELEASE);
    futex(&gate_word, FUTEX_WAKE, INT32_MAX);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return 0;
}

/* Ends with three threads asleep and one at work. */
static int alive(void)
{
    for (int i = 0; i < 3; i++)
        small_thread(gate_waiter);
    small_thread(spinner);
    while (started < 4)
        sched_yield();
    sleep_ms(20);
    _exit(0);
}

/* The first thread ends long before the process does. */
static void *outliver(void *arg)
{
    prctl(PR_SET_NAME, "outliver");
    state_await(getpid(), 'Z');
    sleep_ms(50);
    exit(0);
    return arg;
}

static int leader_gone(void)
{
    small_thread(outliver);
    pthread_exit(NULL);
}

/* ---- exec from a thread that is not the first ---- */

static char *const *own_argv;

static void *becomer(void *arg)
{
    prctl(PR_SET_NAME, "becomer");
    while (started < 4)
        sched_yield();
    compute_ms(10);
    execl("/proc/self/exe", own_argv[0], "become", (char *)NULL);
    abort();
    return arg;
}

static int exec_of_many(void)
{
    for (int i = 0; i < 3; i++)
        small_thread(gate_waiter);
    small_thread(spinner);
    small_thread(becomer);
    futex(&gate_word, FUTEX_WAIT, 0);
    return 99;
}

static int become(void)
{
    prctl(PR_SET_NAME, "became");
    compute_ms(10);
    return 0;
}

/* ---- processes that are stopped, or left behind dead ---- */

/* How long the child surely was stopped, in ns. */
static uint64_t child_stop(pid_t child)
{
    state_await(child, 'T');
    uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    sleep_ms(60);
    uint64_t ns = clock_ns(CLOCK_MONOTONIC) - begun_ns;
    kill(child, SIGCONT);
    return ns;
}

/* Stopped in a futex wait, which goes on afterwards; killed in it. */
static int stopped(void)
{
    pid_t child = fork();
    if (!child) {
        prctl(PR_SET_NAME, "stopped");
        futex(&gate_word, FUTEX_WAIT, 0);
        _exit(0);
    }
    asleep_await(child, child, SYS_futex);
    kill(child, SIGSTOP);
    uint64_t ns = child_stop(child);
    asleep_await(child, child, SYS_futex);
    uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    sleep_ms(30);
    printf("stopped_ns=%llu\nwaited_ns=%llu\n", (unsigned long long)ns,
           (unsigned long long)(clock_ns(CLOCK_MONOTONIC) - begun_ns));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return 0;
}

/* A process that raises SIGSTOP itself, and one that is killed while it is stopped. */
static int stops_itself(void)
{
    pid_t child = fork();
    if (!child) {
        prctl(PR_SET_NAME, "stopped");
        compute_ms(5);
        raise(SIGSTOP);
        compute_ms(5);
        raise(SIGSTOP);
        _exit(0);
    }
    uint64_t ns = child_stop(child);
    state_await(child, 'T');
    uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    sleep_ms(30);
    ns += clock_ns(CLOCK_MONOTONIC) - begun_ns;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    printf("stopped_ns=%llu\n", (unsigned long long)ns);
    return 0;
}

/* Leaves a process behind whose own child is dead, but not reaped: prints the pid, for the test to end it. */
static int leaves_zombie(void)
{
    pid_t keeper = fork();
    if (!keeper) {
        setsid();
        alarm(20); /* whatever happens, it does not stay */
        prctl(PR_SET_NAME, "keeper");
        if (!fork()) {
            prctl(PR_SET_NAME, "zombie");
            _exit(0);
        }
        futex(&gate_word, FUTEX_WAIT, 0);
        _exit(0);
    }
    asleep_await(keeper, keeper, SYS_futex);
    sleep_ms(100);
    printf("keeper=%d\n", keeper);
    return 0;
}

/* ---- reads of the random source ---- */

static void reads(int fd, int count)
{
    char bytes[16];
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
    for (int i = 0; i < count; i++) {
        ssize_t n = i % 3 == 0   ? read(fd, bytes, sizeof(bytes))
                    : i % 3 == 1 ? readv(fd, &part, 1)
                                 : pread(fd, bytes, sizeof(bytes), 0);
        if (n != sizeof(bytes))
            abort();
    }
}

static void work_descriptors(void)
{
    int fd = open("/dev/urandom", O_RDONLY);
    reads(fd, 9);
    close(fd);
    if (open("/proc/self/exe", O_RDONLY) != fd) /* the same number, another file */
        abort();
    reads(fd, 9);
    int other = open("/dev/random", O_RDONLY);
    dup2(other, fd);
    reads(fd, 9);
    other = open("/proc/self/exe", O_RDONLY);
    dup2(other, fd);
    reads(fd, 9);
}

/* Reads so long that entering and leaving the kernel hardly counts. */
static void work_reader(void)
{
    char block[4096];
    int fd = open("/dev/urandom", O_RDONLY);
    for (int i = 0; i < 10000; i++)
        if (read(fd, block, sizeof(block)) != sizeof(block))
            abort();
    close(fd);
}

static int random_reads(void)
{
    unsigned long long hidden = hidden_ticks();
    struct part parts[] = {{.name = "descriptors", .work = work_descriptors},
                           {.name = "reader", .work = work_reader}};
    for (int i = 0; i < 2; i++) {
        part_begin(&parts[i]);
        part_end(&parts[i]);
    }
    hidden_tell(hidden);
    return 0;
}

/* ---- calls with numbers that are none, between wakes of several words ---- */

enum { ODD_ROUNDS = 5000 };
_Alignas(64) uint32_t odd_word;
_Alignas(64) uint32_t even_word;

/* The numbers end like futex()'s, in 16 bits and in 30. */
static int odd_calls(void)
{
    for (int i = 0; i < ODD_ROUNDS; i++) {
        syscall(SYS_futex + (1L << 16));
        futex(&odd_word, FUTEX_WAKE, 1);
        futex(&odd_word, FUTEX_WAKE, 1);
        syscall(SYS_futex | 1L << 30); /* as x32 programs number it */
        futex(&even_word, FUTEX_WAKE, 1);
        syscall(SYS_getppid);
        futex((uint32_t *)UINTPTR_MAX, FUTEX_WAKE, 1); /* EINVAL, and nobody is woken */
        futex(&odd_word, FUTEX_WAKE, 1);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } modes[] = {{"known", known},
                 {"alive", alive},
                 {"leader_gone", leader_gone},
                 {"exec_of_many", exec_of_many},
                 {"become", become},
                 {"stopped", stopped},
                 {"stops_itself", stops_itself},
                 {"leaves_zombie", leaves_zombie},
                 {"random", random_reads},
                 {"odd_calls", odd_calls}};
    const char *mode = argc > 1 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 0;
    own_argv = argv;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (!strcmp(mode, modes[i].name))
            return modes[i].run();
    const bool brief = !strcmp(mode, "brief");
    if (brief || !strcmp(mode, "instant"))
        return in_turn(count, brief ? millisecond : instant);
    return strcmp(mode, "at_once") ? 99 : at_once(count);
}
