/* What each thread spent at words that are malloc's.  It is filled word by word while they are named, and
 * asked when the threads' accounts are made. */
#ifndef HEAPWAIT_FUTEX_SPLIT_H
#define HEAPWAIT_FUTEX_SPLIT_H

#include "probes/measurement/word_row.h"

struct futex_split;

/* The states of the ledger that are divided into malloc's part and the rest. */
enum { SPLIT_WAIT, SPLIT_BLOCKED, SPLIT_RUNNABLE, SPLIT_WAKE, SPLITS };

/* One thread's part: how long it was in each state, and how often it entered it. */
struct split_part {
    uint64_t ns[SPLITS], entries[SPLITS];
};

/* Returns an account of `threads` threads, numbered from 1, with nothing in it; futex_split_free() frees it.
 * NULL: out of memory. */
struct futex_split *futex_split_new(uint32_t threads);

/* Frees the account; NULL is fine. */
void futex_split_free(struct futex_split *split);

/* Adds `row`, of a word that is malloc's, to the part of the row's thread.  A thread beyond the number given
 * is left out. */
void futex_split_add(struct futex_split *split, const struct word_row *row);

/* Returns the thread's part, which the account owns; zeros for a thread beyond the number given. */
const struct split_part *futex_split_of(const struct futex_split *split, uint32_t thread);

#endif
