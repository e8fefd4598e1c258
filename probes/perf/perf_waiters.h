/* A table of who called: how often one call path called for one futex word.  Memory is bounded. */
#ifndef HEAPWAIT_PERF_WAITERS_H
#define HEAPWAIT_PERF_WAITERS_H

#include "probes/bpf/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_waiter {
    struct word_key key; /* address and space only */
    uint32_t path;       /* by the caller's own numbers, never 0 */
    uint64_t waits, wakes;
};

/* Zeros: an empty table.  `table` is to be freed. */
struct perf_waiters {
    struct perf_waiter *table; /* open addressing by word and path; path 0: free */
    size_t room, count;
};

/* Counts a call on the word: one that waits, or another.  Returns false if there is no room. */
bool perf_waiters_add(struct perf_waiters *w, const struct word_key *word, uint32_t path, bool waits);

/* Returns the waiters, ordered by space, address and path; they are owned by *w.  No call may be added
 * afterwards. */
const struct perf_waiter *perf_waiters_sorted(struct perf_waiters *w, size_t *count);

/* Returns the number with its bits spread, for tables like this one. */
uint64_t perf_waiters_mix(uint64_t x);

#endif
