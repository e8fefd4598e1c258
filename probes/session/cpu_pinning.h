/* Whether the running kernel keeps the CPU for the programs on system calls. */
#ifndef HEAPWAIT_CPU_PINNING_H
#define HEAPWAIT_CPU_PINNING_H

#include <stdbool.h>

/* True when a program on a raw tracepoint of system calls can't be preempted: seen, on a call of the caller's
 * own.  False where it can be, or where that can't be told.  Needs what session_open() needs. */
bool cpu_pinning_of_syscalls(void);

#endif
