/* Programs that come to their futex calls in every way there is: many threads, many processes, each kind of
 * birth, exec and death, other users, filters, tracers, namespaces.  `scenario_subject NAME COUNT` makes an
 * exactly known number of calls on `scenario_word`, and none else on it; test_scenarios.c has the table.
 * 77: this machine or user can't do it. */
#include "subject_parts.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT = 77, SMALL_STACK = 32 * 1024 };

_Alignas(64) uint32_t scenario_word;
_Alignas(64) uint32_t scenario_words[1 << 14];

static void wakes(int count)
{
    for (int i = 0; i < count; i++)
        futex(&scenario_word, FUTEX_WAKE, 1);
}

/* Returns the exit status; 128 and the signal after a death by one. */
static int reaped(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- many ---- */

static atomic_int arrived;

/* All of them are there at the same time. */
static void *crowd(void *count)
{
    arrived++;
    while (arrived < (int)(intptr_t)count)
        sched_yield();
    wakes(3);
    return NULL;
}

/* Three wakes by each of `count` threads. */
static int threads(int count)
{
    pthread_t *all = calloc((size_t)count, sizeof(*all));
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, SMALL_STACK);
    for (int i = 0; i < count; i++)
        if (pthread_create(&all[i], &small, crowd, (void *)(intptr_t)count))
            return CANNOT;
    for (int i = 0; i < count; i++)
        pthread_join(all[i], NULL);
    free(all);
    return 0;
}

/* Two wakes by each of `count` processes, one after the other. */
static int processes(int count)
{
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return CANNOT;
        if (!pid) {
            wakes(2);
            _exit(0);
        }
        reaped(pid);
    }
    return 0;
}

/* Two wakes on each of `count` words. */
static int words(int count)
{
    for (int i = 0; i < 2 * count; i++)
        futex(&scenario_words[i % count], FUTEX_WAKE, 1);
    return 0;
}

/* ---- births ---- */

/* The child shares the memory, and its parent sleeps until it ends. */
static int by_vfork(int count)
{
    /* The analyzer is right for all programs but this one.  NOLINTBEGIN */
    pid_t pid = vfork();
    if (!pid) {
        wakes(count);
        _exit(0);
    }
    /* NOLINTEND */
    wakes(1);
    return reaped(pid);
}

static int by_clone3(int count)
{
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    } how = {.exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &how, sizeof(how));
    if (pid < 0)
        return errno == ENOSYS ? CANNOT : 1;
    wakes(pid ? 1 : count);
    if (!pid)
        _exit(0);
    return reaped((pid_t)pid);
}

/* The one in between dies first: what makes the calls has lost its parent. */
static int orphan(int count)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t pid = fork();
    if (!pid) {
        const pid_t parent = getpid();
        if (fork())
            _exit(0);
        while (getppid() == parent)
            sched_yield();
        setsid();
        wakes(count);
        _exit(0);
    }
    int status = reaped(pid);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    return status;
}

/* ---- execs ---- */

static char *const becomes[] = {"scenario_subject", "wakes", "5", NULL};

static void *execs(void *count)
{
    wakes((int)(intptr_t)count);
    execv("/proc/self/exe", becomes);
    _exit(1);
}

/* A thread that isn't the first becomes another program: the process keeps its number, the threads end. */
static int exec_by_thread(int count)
{
    pthread_t thread;
    pthread_create(&thread, NULL, execs, (void *)(intptr_t)count);
    pause();
    return 1;
}

/* ---- deaths ---- */

static void *waits(void *tid)
{
    *(_Atomic int *)tid = (int)syscall(SYS_gettid);
    futex(&scenario_word, FUTEX_WAIT, 0);
    return NULL;
}

static int waiter_start(void)
{
    static _Atomic int tid;
    pthread_t thread;
    tid = 0;
    pthread_create(&thread, NULL, waits, (void *)&tid);
    while (!tid)
        sched_yield();
    asleep_await(getpid(), tid, SYS_futex);
    return tid;
}

/* `count` threads wait when their process ends. */
static int exit_over_waiters(int count)
{
    for (int i = 0; i < count; i++)
        waiter_start();
    _exit(0);
}

/* `count` processes are killed while one thread of each waits. */
static int killed_waiters(int count)
{
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (!pid) {
            waiter_start();
            kill(getpid(), SIGKILL);
        }
        if (reaped(pid) != 128 + SIGKILL)
            return 1;
    }
    return 0;
}

static void on_signal(int number)
{
    (void)number;
    wakes(2);
}

/* A handler makes two calls in the middle of each of `count` waits, which it interrupts. */
static int in_handlers(int count)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < count; i++) {
        pid_t parent = getpid(), pid = fork();
        if (!pid) {
            asleep_await(parent, parent, SYS_futex);
            kill(parent, SIGUSR1);
            _exit(0);
        }
        if (!futex(&scenario_word, FUTEX_WAIT, 0) || errno != EINTR)
            return 1;
        reaped(pid);
    }
    return 0;
}

/* ---- other rights, other eyes ---- */

static int as_nobody(int count)
{
    if (geteuid() != 0)
        return CANNOT;
    wakes(1);
    if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
        return 1;
    wakes(count);
    return 0;
}

/* Under a filter that looks at each call and lets it through. */
static int filtered(int count)
{
    struct sock_filter pass[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct sock_fprog filter = {.len = 1, .filter = pass};
    wakes(1);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
        return CANNOT;
    wakes(count);
    return 0;
}

/* Stopped by a tracer at the beginning and the end of each call. */
static int traced(int count)
{
    int status;
    pid_t pid = fork();
    if (!pid) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
            _exit(CANNOT);
        raise(SIGSTOP);
        wakes(count);
        _exit(0);
    }
    while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
        ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* A child that is process 1 of a pid namespace of its own, and its child. */
static int in_namespaces(int count)
{
    if (unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC) &&
        unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC))
        return CANNOT;
    pid_t pid = fork();
    if (!pid) {
        wakes(getpid() == 1 ? count : 0);
        _exit(processes(1));
    }
    return pid < 0 ? CANNOT : reaped(pid);
}

/* On each CPU that it may use in turn. */
static int wanders(int count)
{
    cpu_set_t all, one;
    if (sched_getaffinity(0, sizeof(all), &all))
        return CANNOT;
    for (int i = 0, cpu = -1; i < count; i++) {
        do
            cpu = (cpu + 1) % CPU_SETSIZE;
        while (!CPU_ISSET(cpu, &all));
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof(one), &one);
        wakes(1);
    }
    return 0;
}

/* By two processes in memory that they share: a word of each. */
static int shared(int count)
{
    pid_t pid = fork();
    for (int i = 0; i < count; i++)
        syscall(SYS_futex, &scenario_word, FUTEX_WAKE, 1, NULL, NULL, 0); /* not FUTEX_PRIVATE_FLAG */
    if (!pid)
        _exit(0);
    return reaped(pid);
}

/* ---- mutexes that lend their priority ---- */

static uint32_t *const condition = &scenario_words[0], *const mutex = &scenario_words[64];

static long futex_timed(uint32_t *word, int op, uint32_t value, const struct timespec *until,
                        uint32_t *second)
{
    return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, until, second, 0);
}

static const struct timespec long_ago = {.tv_nsec = 1};

/* The word tells the owner, as the kernel wants it. */
static void mutex_take(void)
{
    __atomic_store_n(mutex, (uint32_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
}

struct pi_waiter {
    pthread_t thread;
    long (*waits)(void);
    _Atomic int tid;
    bool failed;
};

static void *pi_waits(void *arg)
{
    struct pi_waiter *w = arg;
    w->tid = (int)syscall(SYS_gettid);
    w->failed = w->waits() || futex(mutex, FUTEX_UNLOCK_PI, 0);
    return NULL;
}

/* `count` threads sleep by `waits` until `lets_go`, after which each owns the mutex in turn. */
static int pi_waiters(int count, long (*waits)(void), bool (*lets_go)(int count))
{
    struct pi_waiter all[16] = {{0}};
    int failed = count > 16;
    for (int i = 0; i < count && !failed; i++) {
        all[i].waits = waits;
        failed = pthread_create(&all[i].thread, NULL, pi_waits, &all[i]);
        while (!failed && !all[i].tid)
            sched_yield();
        if (!failed)
            asleep_await(getpid(), all[i].tid, SYS_futex);
    }
    failed |= !lets_go(count);
    for (int i = 0; i < count && !failed; i++)
        failed = pthread_join(all[i].thread, NULL) || all[i].failed;
    return failed;
}

static long waits_requeued(void)
{
    return futex_timed(condition, FUTEX_WAIT_REQUEUE_PI, 0, NULL, mutex);
}

/* To the mutex, one of them as its next owner. */
static long requeues(int count, uint32_t expected)
{
    return syscall(SYS_futex, condition, FUTEX_CMP_REQUEUE_PI | FUTEX_PRIVATE_FLAG, 1, (long)count, mutex,
                   expected);
}

static bool requeues_all(int count)
{
    return requeues(count, 0) == count && !futex(mutex, FUTEX_UNLOCK_PI, 0);
}

/* Two waits that find another value, one that is over at once, and a requeue each that finds another value
 * and nobody. */
static int pi_requeue(int count)
{
    mutex_take();
    for (int i = 0; i < 2; i++)
        if (!futex_timed(condition, FUTEX_WAIT_REQUEUE_PI, 1, NULL, mutex) || errno != EAGAIN)
            return errno == ENOSYS ? CANNOT : 1;
    if (!futex_timed(condition, FUTEX_WAIT_REQUEUE_PI, 0, &long_ago, mutex) || errno != ETIMEDOUT)
        return 1;
    if (requeues(count, 1) >= 0 || errno != EAGAIN || requeues(count, 0))
        return 1;
    return pi_waiters(count, waits_requeued, requeues_all);
}

static long locks(void)
{
    return futex_timed(mutex, FUTEX_LOCK_PI2, 0, NULL, NULL);
}

static bool lets_all_in(int count)
{
    (void)count;
    return !futex(mutex, FUTEX_UNLOCK_PI, 0);
}

static void *locks_too_late(void *failed)
{
    *(bool *)failed = !futex_timed(mutex, FUTEX_LOCK_PI2, 0, &long_ago, NULL) || errno != ETIMEDOUT;
    return NULL;
}

/* A free mutex is locked by two calls; its owner can't lock it again, and one thread's time is over. */
static int pi_lock(int count)
{
    pthread_t late;
    bool failed;
    if (locks())
        return errno == ENOSYS ? CANNOT : 1; /* Linux 5.14 has brought the call */
    if (futex(mutex, FUTEX_UNLOCK_PI, 0) || futex(mutex, FUTEX_TRYLOCK_PI, 0) || !locks() || errno != EDEADLK)
        return 1;
    if (pthread_create(&late, NULL, locks_too_late, &failed) || pthread_join(late, NULL) || failed)
        return 1;
    return pi_waiters(count, locks, lets_all_in);
}

static int plain_wakes(int count)
{
    wakes(count);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(int count);
} scenarios[] = {
    {"wakes", plain_wakes},
    {"threads", threads},
    {"processes", processes},
    {"words", words},
    {"vfork", by_vfork},
    {"clone3", by_clone3},
    {"orphan", orphan},
    {"exec_by_thread", exec_by_thread},
    {"exit_over_waiters", exit_over_waiters},
    {"killed_waiters", killed_waiters},
    {"in_handlers", in_handlers},
    {"as_nobody", as_nobody},
    {"filtered", filtered},
    {"traced", traced},
    {"in_namespaces", in_namespaces},
    {"wanders", wanders},
    {"shared", shared},
    {"pi_requeue", pi_requeue},
    {"pi_lock", pi_lock},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        if (!strcmp(argv[1], scenarios[i].name))
            return scenarios[i].run(atoi(argv[2]));
    return 99;
}
