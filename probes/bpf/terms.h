/* The recording's words for the numbers in abi.h.  All strings are static, and none is NULL: a number that
 * there isn't gets a word for the unknown. */
#ifndef HEAPWAIT_TERMS_H
#define HEAPWAIT_TERMS_H

#include "probes/bpf/abi.h"

/* Whose lock a futex word is, as far as there is evidence.  In the recording, in this order, lock.is_malloc
 * NULL, 1 and 0. */
enum whose { WHOSE_UNKNOWN, WHOSE_MALLOC, WHOSE_OTHER };

/* Return the word for a number of enum futex_op, futex_outcome, loss_reason. */
const char *term_op(unsigned op);
const char *term_outcome(unsigned outcome);
const char *term_loss(unsigned reason);

/* Returns the word for a number of enum thread_state, before the futex states are divided into malloc's and
 * other. */
const char *term_state(unsigned state);
/* Returns that word as a class of samples taken in the kernel: "kernel:STATE". */
const char *term_kernel_class(unsigned state);

/* Sets the bounds of a histogram's bucket, [*low_ns, *high_ns).  The last bucket has no upper bound; *high_ns
 * is then UINT64_MAX >> 1, the largest number that SQLite keeps. */
void term_bucket_bounds(unsigned bucket, uint64_t *low_ns, uint64_t *high_ns);

/* Returns the on-CPU time of all calls in ns, estimated by the timed ones: see struct word_totals.  0 if none
 * was timed. */
uint64_t term_totals_oncpu(const struct word_totals *t);

/* Returns true if a call of this operation wakes or moves threads; then word_totals.woken is counted. */
int term_op_wakes(unsigned op);

/* Returns true if a call of this operation waits; then its on-CPU, blocked and runnable times are a wait's.
 */
int term_op_waits(unsigned op);

#endif
