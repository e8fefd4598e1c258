/* Whether the running kernel keeps the CPU for the programs on system calls, on other tracepoints, or on
 * functions.  Asked by experiment. */
#ifndef HEAPWAIT_CPU_PINNING_H
#define HEAPWAIT_CPU_PINNING_H

#include <stdbool.h>

/* Returns true if a program on a raw tracepoint of system calls was seen not to be preempted, in a call that
 * this function makes.  Returns false if it was preempted, or if that can't be told.  Takes some
 * milliseconds; needs the privileges that session_open() needs. */
bool cpu_pinning_of_syscalls(void);

/* The same of a program on a raw tracepoint of something else than system calls, which kernels may treat
 * otherwise.  It is asked of the one by which a thread of this function's is made. */
bool cpu_pinning_of_tracepoints(void);

/* The same of a program at the entry of a function of the kernel's (fentry).  Returns false, too, where the
 * kernel attaches none. */
bool cpu_pinning_of_functions(void);

#endif
