/* The recording's words for the numbers in abi.h. */
#ifndef HEAPWAIT_TERMS_H
#define HEAPWAIT_TERMS_H

#include "probes/bpf/abi.h"

/* Whose lock a futex word is, as far as there is evidence.  In the recording lock.is_malloc: NULL, 1, 0. */
enum whose { WHOSE_UNKNOWN, WHOSE_MALLOC, WHOSE_OTHER };

const char *term_op(unsigned op);           /* enum futex_op */
const char *term_outcome(unsigned outcome); /* enum futex_outcome */
const char *term_loss(unsigned reason);     /* enum loss_reason */

/* enum thread_state, before the futex states are divided into malloc's and other */
const char *term_state(unsigned state);
/* The same as a class of samples taken in the kernel: "kernel:STATE". */
const char *term_kernel_class(unsigned state);

/* Bounds of a histogram's bucket: [low, high) in ns.  The last one has no upper bound: UINT64_MAX >> 1, the
 * largest number that SQLite keeps. */
void term_bucket_bounds(unsigned bucket, uint64_t *low_ns, uint64_t *high_ns);

/* On-CPU time of all calls, by that of the timed ones: see struct word_totals. */
uint64_t term_totals_oncpu(const struct word_totals *t);

/* Whether a call of this operation wakes or moves threads (then `woken` is counted). */
int term_op_wakes(unsigned op);

/* Whether a call of this operation waits (its on-CPU, blocked and runnable time is a wait's). */
int term_op_waits(unsigned op);

#endif
