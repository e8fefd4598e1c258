/* A thread's times out of its account: how the time of calls that were not timed is divided. */
#ifndef HEAPWAIT_THREAD_TIMES_H
#define HEAPWAIT_THREAD_TIMES_H

#include "probes/bpf/abi.h"

#include <stdbool.h>
#include <stdint.h>

/* Fills `ns`, nanoseconds by enum thread_state, from the account.  Their sum is that of r->ns, which is the
 * thread's lifetime.  The time of calls that were not timed lies in state user, and is moved to the calls'
 * states as far as it is there.  Returns false where the calls that were timed already took more than that:
 * a clock went backwards between two CPUs, or the kernel skipped a program.  Then the longest are cut to what
 * there was. */
bool thread_times(const struct thread_record *r, uint64_t ns[STATE_ROOM]);

#endif
