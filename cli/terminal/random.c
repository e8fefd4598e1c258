/* See random.h.  Changing anything here breaks --resume of older recordings. */
#include "cli/terminal/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* The first 2^64 mod n values are refused, else low results would be likelier. */
uint64_t random_below(uint64_t *state, uint64_t n)
{
    uint64_t refused = -n % n, x;
    do
        x = random_next(state);
    while (x < refused);
    return x % n;
}

/* Fisher-Yates (Durstenfeld's form). */
void random_shuffle(void *items, size_t count, size_t size, uint64_t *state)
{
    char *p = items, kept[64];
    for (size_t i = count; i > 1 && size <= sizeof(kept); i--) {
        size_t j = random_below(state, i);
        memcpy(kept, p + (i - 1) * size, size);
        memmove(p + (i - 1) * size, p + j * size, size);
        memcpy(p + j * size, kept, size);
    }
}

int random_seed(uint64_t *seed)
{
    uint32_t random;
    if (getrandom(&random, sizeof(random), 0) != sizeof(random))
        return -errno;
    *seed = random;
    return 0;
}
