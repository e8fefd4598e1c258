/* The program that `record --perf` is tested with: its main thread, a thread and a child each spend the same
 * CPU time under call paths of their own.  It goes by CPU time, so that a busy machine changes nothing. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __clang__ /* which makes no clones */
#define APART __attribute__((noinline))
#else
#define APART __attribute__((noinline, noclone))
#endif

static volatile uint64_t sink;

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* No call is the last thing that its caller does, or the compiler would make a jump of it. */
APART static uint64_t innermost(uint64_t n)
{
    for (uint64_t i = 0; i < 2000000; i++)
        n = n * 6364136223846793005u + 1442695040888963407u;
    return n;
}

APART static uint64_t middle(uint64_t until_ns)
{
    uint64_t n = 1;
    while (cpu_ns() < until_ns)
        n += innermost(n);
    return n + 1;
}

APART static void in_main(uint64_t ns)
{
    sink = middle(cpu_ns() + ns);
}

APART static void in_thread(uint64_t ns)
{
    sink = middle(cpu_ns() + ns) + 1;
}

APART static void in_child(uint64_t ns)
{
    sink = middle(cpu_ns() + ns) + 2;
}

static void *thread_run(void *argument)
{
    in_thread(*(const uint64_t *)argument);
    return NULL;
}

/* flame_subject MS: CPU time of each of the three. */
int main(int argc, char **argv)
{
    uint64_t ns = (argc > 1 ? strtoull(argv[1], NULL, 10) : 100) * 1000000;
    pthread_t thread;
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* whoever ends the program ends all of it */
        in_child(ns);
        _exit(0);
    }
    if (child < 0 || pthread_create(&thread, NULL, thread_run, &ns))
        return 1;
    in_main(ns);
    pthread_join(thread, NULL);
    waitpid(child, &status, 0);
    return status != 0;
}
