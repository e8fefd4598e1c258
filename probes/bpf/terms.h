/* The recording's words for the numbers in abi.h.  All strings are static, and none is NULL unless it is
 * said: a number that there isn't gets a word for the unknown. */
#ifndef HEAPWAIT_TERMS_H
#define HEAPWAIT_TERMS_H

#include "probes/bpf/abi.h"

/* Whose lock a futex word is, as far as there is evidence.  In the recording, in this order, lock.is_malloc
 * NULL, 1 and 0. */
enum whose { WHOSE_UNKNOWN, WHOSE_MALLOC, WHOSE_OTHER };

/* Stands for an outcome where the beginning of a call is all that was seen, as it may be in a perf session.
 */
enum { OUTCOME_NOT_TOLD = 255 };

/* Return the word for a number of enum futex_op, futex_outcome, loss_reason.  That of OUTCOME_NOT_TOLD is
 * NULL. */
const char *term_op(unsigned op);
const char *term_outcome(unsigned outcome);
const char *term_loss(unsigned reason);

/* What one of a loss is: a futex call that is in no row; a run of a BPF program that the kernel skipped. */
#define LOSS_UNIT_CALL "futex call"
#define LOSS_UNIT_RUN  "probe run"
/* Returns which of them one of the reason's losses is; NULL: neither. */
const char *term_loss_unit(unsigned reason);

/* Returns the word for a number of enum thread_state, before the futex states are divided into malloc's and
 * other. */
const char *term_state(unsigned state);
/* Returns that word as a class of samples taken in the kernel: "kernel:STATE". */
const char *term_kernel_class(unsigned state);

/* Returns the word for a number of enum memory_kind. */
const char *term_memory_kind(unsigned kind);

/* Sets the bounds of a histogram's bucket, [*low_ns, *high_ns).  The last bucket has no upper bound; *high_ns
 * is then UINT64_MAX >> 1, the largest number that SQLite keeps. */
void term_bucket_bounds(unsigned bucket, uint64_t *low_ns, uint64_t *high_ns);

/* Returns the on-CPU time of all calls in ns, estimated by the timed ones: see struct word_totals.  0 if none
 * was timed. */
uint64_t term_totals_oncpu(const struct word_totals *t);

/* Returns true if a call of this operation wakes or moves threads; then word_totals.woken is counted. */
int term_op_wakes(unsigned op);

/* What a call comes to, in the five kinds that tables show; as futex_call.sql has them. */
enum futex_kind { KIND_SLEPT, KIND_EAGAIN, KIND_EMPTY, KIND_WAKING, KIND_OTHER, FUTEX_KINDS };

/* Returns the kind of a call with this operation and outcome. */
enum futex_kind term_kind(unsigned op, unsigned outcome);

/* The same by the recording's words.  `outcome` may be NULL. */
enum futex_kind term_kind_named(const char *op, const char *outcome);

/* Returns true if a call of this operation waits; then its on-CPU, blocked and runnable times are a wait's.
 */
int term_op_waits(unsigned op);

/* The same by the recording's word. */
int term_op_waits_named(const char *op);

#endif
