/* What one system call costs, in the unit of the machine's clock: in an emulated machine whose clock counts
 * instructions (-icount shift=0), in instructions.  A line for each kind of call: its name, a blank, the
 * median of many batches.  The interrupts of a few batches don't move that.  The unit is found by a loop of
 * known length, so that a guest which takes its clock to be a little faster or slower than it is changes
 * nothing.  With `--wait FILE` it begins when the file is there; with `--until FILE` it measures nothing, and
 * sleeps until it is there. */
#include <errno.h>
#include <linux/futex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 512, BATCHES = 64, TURNS = 400000, TURN_INSTRUCTIONS = 2, SETTLED = 40, PAGE = 4096 };
/* Of the sampling clock, and how much arithmetic is looked at: STRETCHES times STRETCH periods. */
enum { PERIOD_NS = 3999971, STRETCHES = 5, STRETCH = 25 };

static uint32_t word;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* TURN_INSTRUCTIONS instructions each. */
static void turns_make(uint64_t turns)
{
#if defined(__x86_64__)
    __asm__ volatile("1: dec %0\n jnz 1b" : "+r"(turns));
#else
    __asm__ volatile("1: subs %0, %0, #1\n b.ne 1b" : "+r"(turns) : : "cc");
#endif
}

/* Nanoseconds of the clock for one instruction: the least of a few, since interrupts only add. */
static double instruction_ns(void)
{
    double least = 0;
    for (int i = 0; i < 20; i++) {
        uint64_t from = now_ns();
        turns_make(TURNS);
        double each = (double)(now_ns() - from) / (TURNS * TURN_INSTRUCTIONS);
        least = i && least < each ? least : each;
    }
    return least;
}

static void call_null(void)
{
    syscall(SYS_getppid);
}

static void call_wake(void)
{
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void call_eagain(void)
{
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
}

/* Two calls: one that maps, one that unmaps. */
static void call_map(void)
{
    void *p = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p != MAP_FAILED)
        munmap(p, PAGE);
}

static const struct {
    const char *name;
    void (*call)(void);
} kinds[] = {{"null", call_null}, {"wake", call_wake}, {"eagain", call_eagain}, {"map", call_map}};

/* Returns what interrupts take out of PERIOD_NS of arithmetic, the median of many such stretches: the
 * kernel's own tick, and a sample where samples are taken. */
static double interrupts_cost(double unit)
{
    double each[STRETCHES];
    for (int i = 0; i < STRETCHES; i++) {
        const uint64_t turns = (uint64_t)(STRETCH * PERIOD_NS / unit / TURN_INSTRUCTIONS);
        const uint64_t from = now_ns();
        turns_make(turns);
        const double taken = (double)(now_ns() - from) / unit;
        each[i] = (taken - (double)turns * TURN_INSTRUCTIONS) / STRETCH;
    }
    qsort(each, STRETCHES, sizeof(each[0]), compare);
    return each[STRETCHES / 2];
}

/* The first batches are left out: probes time each of a thread's first calls. */
static double cost(void (*call)(void), double unit)
{
    double each[BATCHES];
    for (int i = -SETTLED; i < BATCHES; i++) {
        uint64_t from = now_ns();
        for (int n = 0; n < CALLS; n++)
            call();
        if (i >= 0)
            each[i] = (double)(now_ns() - from) / CALLS / unit;
    }
    qsort(each, BATCHES, sizeof(each[0]), compare);
    return each[BATCHES / 2];
}

static void file_await(const char *file)
{
    while (access(file, F_OK))
        usleep(10000);
}

int main(int argc, char **argv)
{
    if (argc == 3)
        file_await(argv[2]);
    if (argc == 3 && !strcmp(argv[1], "--until"))
        return 0;
    double unit = instruction_ns();
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        printf("%s %.0f\n", kinds[i].name, cost(kinds[i].call, unit));
    printf("sample %.0f\n", interrupts_cost(unit));
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
