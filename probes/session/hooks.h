/* By which hooks of the kernel's a mode sees system calls: which there are, and which serve on this kernel.
 */
#ifndef HEAPWAIT_HOOKS_H
#define HEAPWAIT_HOOKS_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>

enum hooks {
    HOOKS_FUNCTIONS,   /* mode waits: fentry and fexit on the functions of the futex calls */
    HOOKS_TRACEPOINTS, /* mode waits: the tracepoints of each futex call */
    HOOKS_EVENTS,      /* perf's events of all system calls */
    HOOKS_RAW,         /* raw tracepoints of all system calls */
    HOOKS_RAW_PINNED,  /* mode ledger: the same, with programs that pin their CPU themselves */
    HOOKS_COUNT
};

/* The name of the kernel's function of a system call begins so. */
#if defined(__x86_64__)
#define FUNCTION_OF_SYSCALL "__x64_sys_"
#else
#define FUNCTION_OF_SYSCALL "__arm64_sys_"
#endif

/* Sets choices[], room for HOOKS_COUNT, to those to be tried, the best one first, and returns how many.
 * Those come first that lose nothing; among them, those that cost least.  `pins`: HOOKS_RAW_PINNED only.
 * *pinned: the kernel keeps the CPU for programs on raw tracepoints of system calls.  Takes some
 * milliseconds, for experiments; needs the privileges that session_open() needs. */
size_t hooks_choose(bool ledger, bool pins, enum hooks *choices, bool *pinned);

/* Returns true if the kernel with these types has events for who waits for its locks (since Linux 5.19). */
bool hooks_see_locks(const struct btf *kernel);

/* Returns true if the kernel with these types, which is the one that runs, lets its handler of page faults be
 * seen, by programs that it doesn't preempt.  Takes some milliseconds, for an experiment. */
bool hooks_see_faults(const struct btf *kernel);

/* Returns the words for how calls are seen, a static string. */
const char *hooks_name(enum hooks hooks);

/* Returns true if the kernel lets programs keep the CPU by functions of its own (since Linux 6.10). */
bool hooks_can_pin(void);

#endif
