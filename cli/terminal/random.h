/* Random numbers for orders, not for secrets: of our own, so that a seed gives the same order on every libc.
 * SplitMix64 (G. Steele, D.  Lea, C. Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014;
 * constants as in S. Vigna's public-domain splitmix64.c). */
#ifndef HEAPWAIT_RANDOM_H
#define HEAPWAIT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Returns the next number.  *state begins as the seed. */
uint64_t random_next(uint64_t *state);

/* Returns a number that is uniform in [0, n), n > 0. */
uint64_t random_below(uint64_t *state, uint64_t n);

/* Puts `count` items of `size` bytes (at most 64) in random order. */
void random_shuffle(void *items, size_t count, size_t size, uint64_t *state);

/* Sets *seed to a seed that the kernel chose, short enough to be typed.  0 or negative errno. */
int random_seed(uint64_t *seed);

#endif
