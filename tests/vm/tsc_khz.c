/* Prints how fast this machine's cycle counter counts, in kHz.  An emulated machine has the same counter, and
 * on a busy machine its kernel would find another speed, and its clocks go many times too fast. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

enum { APART_NS = 200000000, TRIES = 1000 };

struct reading {
    uint64_t ns, cycles, width; /* width: cycles within which both were read */
};

/* The narrowest of many: nothing came between the two clocks. */
static struct reading read_both(void)
{
    struct reading best = {.width = UINT64_MAX};
    for (int i = 0; i < TRIES; i++) {
        struct timespec t;
        uint64_t before = __rdtsc();
        clock_gettime(CLOCK_MONOTONIC, &t);
        uint64_t after = __rdtsc();
        if (after - before < best.width)
            best = (struct reading){.ns = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec,
                                    .cycles = before + (after - before) / 2,
                                    .width = after - before};
    }
    return best;
}

int main(void)
{
    struct reading first = read_both(), last;
    do
        last = read_both();
    while (last.ns - first.ns < APART_NS);
    printf("%llu\n", (unsigned long long)((last.cycles - first.cycles) * 1000000 / (last.ns - first.ns)));
    return 0;
}
