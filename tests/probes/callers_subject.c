/* Functions that are known to wait for malloc's lock, with any allocator: each sleeps in malloc EACH times,
 * and the program counts that itself.  One thread allocates all the time.  A signal stops it somewhere; then
 * the other thread allocates by one of the functions.  If the first was stopped in a critical section the
 * other falls asleep, which /proc tells; then that is counted, and the first goes on and out of the section.
 * It stays out of malloc until the other is done.  Ends with 1 if there were too few such meetings.
 * usage: callers_subject [SIZE] */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__clang__)
#define OWN_FRAME __attribute__((noinline))
#else
#define OWN_FRAME __attribute__((noipa))
#endif
/* What is behind a call keeps it from becoming a jump. */
#define TOUCHED(block) ((block) ? (*(volatile char *)(block) = 1, (block)) : NULL)

enum {
    EACH = 8,
    ROUNDS = 20000,
};

static size_t size = 100000; /* of a block, in bytes: few allocators keep such for each thread, or map them */

/* Two wrappers that end in jumps, and one that jumps to where its code doesn't tell. */
static void *(*volatile allocate)(size_t) = malloc;
static void *volatile no_block;

OWN_FRAME void *jumps_second(size_t bytes)
{
    return malloc(bytes + 16);
}

OWN_FRAME void *jumps_first(size_t bytes)
{
    return jumps_second(bytes + 8);
}

OWN_FRAME void *jumps_by_pointer(size_t bytes)
{
    return allocate(bytes + 8);
}

OWN_FRAME void *by_malloc(void)
{
    void *block = malloc(size);
    return TOUCHED(block);
}

OWN_FRAME void *by_calloc(void)
{
    void *block = calloc(size / 8, 8);
    return TOUCHED(block);
}

OWN_FRAME void *by_realloc(void)
{
    void *block = realloc(no_block, size);
    return TOUCHED(block);
}

OWN_FRAME void *by_aligned(void)
{
    void *block = aligned_alloc(64, size / 64 * 64);
    return TOUCHED(block);
}

OWN_FRAME void *by_memalign(void)
{
    void *block = NULL;
    return posix_memalign(&block, 128, size) ? NULL : TOUCHED(block);
}

OWN_FRAME void *by_jumps(void)
{
    void *block = jumps_first(size);
    return TOUCHED(block);
}

OWN_FRAME void *by_pointer(void)
{
    void *block = jumps_by_pointer(size);
    return TOUCHED(block);
}

static void *(*const callers[])(void) = {by_malloc,   by_calloc, by_realloc, by_aligned,
                                         by_memalign, by_jumps,  by_pointer};
enum { CALLERS = sizeof(callers) / sizeof(callers[0]) };

static struct {
    _Atomic int caller;  /* of the round; -1: none, and the first thread allocates */
    _Atomic int stopped; /* the signal has come: the second thread may allocate */
    _Atomic int done;    /* it has */
    _Atomic int out;     /* the first thread is out of malloc */
    _Atomic int over;    /* no further round; each thread ends alone: it may allocate then */
    _Atomic int slept[CALLERS];
} meeting = {.caller = -1};

/* jemalloc's, where it is linked in: one arena for all threads. */
extern const char *malloc_conf;
const char *malloc_conf = "narenas:1";

static char second_syscall[64]; /* path of what tells which system call the second thread sleeps in */

/* It begins with the system call's number, or with "running". */
static int second_sleeps(void)
{
    char text[16] = "";
    int fd = open(second_syscall, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    return n > 0 && text[0] != 'r' && atoi(text) == SYS_futex;
}

static void meet(int signal)
{
    (void)signal;
    int sleeps = 0;
    meeting.stopped = 1;
    while (!meeting.done && !(sleeps = second_sleeps()))
        sched_yield();
    meeting.slept[meeting.caller] += sleeps;
}

static void round_await(void)
{
    if (meeting.stopped) {
        meeting.out = 1;
        while (meeting.caller >= 0)
            sched_yield();
        meeting.out = 0;
    }
}

static void *first_main(void *arg)
{
    while (!meeting.over) {
        void *volatile block = malloc(size);
        round_await();
        free(block);
        round_await();
    }
    meeting.out = 1;
    while (meeting.over < 3)
        sched_yield();
    return arg;
}

static void *second_main(void *arg)
{
    snprintf(second_syscall, sizeof(second_syscall), "/proc/self/task/%ld/syscall", syscall(SYS_gettid));
    meeting.done = 1;
    while (meeting.over < 2) {
        if (!meeting.stopped || meeting.done) {
            sched_yield();
            continue;
        }
        void *block = callers[meeting.caller]();
        meeting.done = 1;
        while (!meeting.out)
            sched_yield();
        free(block);
        meeting.stopped = 0;
        meeting.caller = -1;
    }
    return arg;
}

static int next_caller(void)
{
    for (int i = 0; i < CALLERS; i++)
        if (meeting.slept[i] < EACH)
            return i;
    return -1;
}

int main(int argc, char **argv)
{
    pthread_t first, second;
    size = argc > 1 ? strtoul(argv[1], NULL, 10) : size;
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = meet}, NULL);
#if defined(M_ARENA_MAX)
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, (int)(16 * size));
#endif
    if (pthread_create(&second, NULL, second_main, NULL))
        return 1;
    while (!meeting.done)
        sched_yield();
    if (pthread_create(&first, NULL, first_main, NULL))
        return 1;
    for (int i = 0; i < ROUNDS && next_caller() >= 0; i++) {
        meeting.done = 0;
        meeting.caller = next_caller();
        pthread_kill(first, SIGUSR1);
        while (meeting.caller >= 0 || meeting.out)
            sched_yield();
    }
    const int missing = next_caller() >= 0;
    meeting.over = 1;
    while (!meeting.out)
        sched_yield();
    meeting.over = 2;
    pthread_join(second, NULL);
    meeting.over = 3;
    pthread_join(first, NULL);
    return missing;
}
