/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What a futex call was and how it ended, from its arguments and its result; and the histogram bucket of a
 * duration.  The one place for both sides: the BPF programs, and user space that reads a perf session.  Owns
 * no state and asks nobody.  Needs abi.h. */
#ifndef HEAPWAIT_OUTCOME_H
#define HEAPWAIT_OUTCOME_H

#include "abi.h"

#ifndef __bpf__
#include <stdbool.h>
#define OUTCOME_INLINE static inline __attribute__((unused))
#else
#define OUTCOME_INLINE static __always_inline
#endif

enum { OUTCOME_CMD_MASK = 0x7f };

/* These take futex()'s second argument.  Flags are ignored.  Commands by number, from
 * include/uapi/linux/futex.h. */

OUTCOME_INLINE bool op_is_wait(u32 command)
{
    command &= OUTCOME_CMD_MASK;
    return command == 0 /* WAIT */ || command == 9 /* WAIT_BITSET */;
}

OUTCOME_INLINE bool op_is_wake(u32 command)
{
    command &= OUTCOME_CMD_MASK;
    return command == 1 /* WAKE */ || command == 10 /* WAKE_BITSET */;
}

/* Returns its enum futex_op. */
OUTCOME_INLINE u8 op_of(u32 command)
{
    if (op_is_wait(command))
        return OP_WAIT;
    if (op_is_wake(command))
        return OP_WAKE;
    switch (command & OUTCOME_CMD_MASK) {
    case 3: /* REQUEUE */
    case 4: /* CMP_REQUEUE */
        return OP_REQUEUE;
    case 5:
        return OP_WAKE_OP;
    case 6:  /* LOCK_PI */
    case 13: /* LOCK_PI2 */
        return OP_LOCK_PI;
    case 7:
        return OP_UNLOCK_PI;
    case 8:
        return OP_TRYLOCK_PI;
    case 11:
        return OP_WAIT_REQUEUE_PI;
    case 12:
        return OP_CMP_REQUEUE_PI;
    default:
        return OP_OTHER;
    }
}

/* Returns the enum futex_outcome of a call that failed; `ret` is its negative errno. */
OUTCOME_INLINE u8 outcome_of_error(s64 ret)
{
    switch (ret) {
    case -11: /* EAGAIN */
        return OUTCOME_EAGAIN;
    case -110: /* ETIMEDOUT */
        return OUTCOME_TIMEOUT;
    case -4:   /* EINTR, and how the kernel says it to itself: */
    case -512: /* ERESTARTSYS */
    case -513: /* ERESTARTNOINTR */
    case -514: /* ERESTARTNOHAND */
    case -516: /* ERESTART_RESTARTBLOCK */
        return OUTCOME_INTERRUPTED;
    default:
        return OUTCOME_ERROR;
    }
}

/* Returns the enum futex_outcome of a call with the result `ret`.  `slept`: it left the CPU to sleep. */
OUTCOME_INLINE u8 outcome_of(u8 op, s64 ret, bool slept)
{
    if (ret < 0)
        return outcome_of_error(ret);
    switch (op) {
    case OP_WAIT:
    case OP_WAIT_REQUEUE_PI:
    case OP_WAITV:
        return slept ? OUTCOME_SLEPT : OUTCOME_RACED;
    case OP_WAKE:
    case OP_WAKE_OP:
        return ret ? OUTCOME_WOKE_SOME : OUTCOME_WOKE_NONE;
    case OP_REQUEUE:
    case OP_CMP_REQUEUE_PI:
        return ret ? OUTCOME_MOVED_SOME : OUTCOME_MOVED_NONE;
    case OP_LOCK_PI:
        return slept ? OUTCOME_SLEPT : OUTCOME_ACQUIRED;
    case OP_TRYLOCK_PI:
        return OUTCOME_ACQUIRED;
    default:
        return OUTCOME_DONE;
    }
}

/* Returns true if the result of such a call is how many threads it woke or moved. */
OUTCOME_INLINE bool op_counts_woken(u8 op)
{
    return op == OP_WAKE || op == OP_WAKE_OP || op == OP_REQUEUE || op == OP_CMP_REQUEUE_PI;
}

/* Returns the place of the highest bit that is set; 0 for 0.  Without a loop, for the verifier's sake. */
OUTCOME_INLINE u32 log2_floor(u64 v)
{
    u32 r = 0;
    if (v >> 32) {
        v >>= 32;
        r += 32;
    }
    if (v >> 16) {
        v >>= 16;
        r += 16;
    }
    if (v >> 8) {
        v >>= 8;
        r += 8;
    }
    if (v >> 4) {
        v >>= 4;
        r += 4;
    }
    if (v >> 2) {
        v >>= 2;
        r += 2;
    }
    return r + (v >> 1);
}

/* Returns the number of the histogram bucket for a duration: see HISTOGRAM_BUCKETS in abi.h. */
OUTCOME_INLINE u32 bucket_of(u64 ns)
{
    if (ns < 1 << HISTOGRAM_SUB_BITS)
        return ns;
    u32 bits = log2_floor(ns);
    if (bits >= HISTOGRAM_MAX_BITS)
        return HISTOGRAM_BUCKETS - 1;
    u32 sub = (ns >> (bits - HISTOGRAM_SUB_BITS)) & ((1 << HISTOGRAM_SUB_BITS) - 1);
    return ((bits - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS) + sub;
}

#endif
