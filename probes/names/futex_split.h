/* What each thread spent at words that are malloc's: filled word by word while they are named, used when the
 * threads' accounts are made. */
#ifndef HEAPWAIT_FUTEX_SPLIT_H
#define HEAPWAIT_FUTEX_SPLIT_H

#include "probes/measurement/word_row.h"

struct futex_split;

/* The states of the ledger that are divided into malloc's and other. */
enum { SPLIT_WAIT, SPLIT_BLOCKED, SPLIT_RUNNABLE, SPLIT_WAKE, SPLITS };

/* Of one thread: ns, and how often it entered the state. */
struct split_part {
    uint64_t ns[SPLITS], entries[SPLITS];
};

/* For `threads` threads, numbered from 1.  NULL: out of memory. */
struct futex_split *futex_split_new(uint32_t threads);
/* NULL is fine. */
void futex_split_free(struct futex_split *split);

/* Adds one row of a word that is a malloc lock to the account of the row's thread. */
void futex_split_add(struct futex_split *split, const struct word_row *row);

/* Returns the thread's account, which the split owns; zeros for a thread that is not numbered. */
const struct split_part *futex_split_of(const struct futex_split *split, uint32_t thread);

#endif
