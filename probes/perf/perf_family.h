/* The threads that descend from one command and are alive, by a session's forks, execs and exits.  Knows
 * nothing of what they do.  Memory is bounded by the threads that are alive, and those are by the kernel. */
#ifndef HEAPWAIT_PERF_FAMILY_H
#define HEAPWAIT_PERF_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_family;

/* Returns an empty family; NULL: out of memory. */
struct perf_family *perf_family_new(void);

/* The process is the command, or has become another program: of its threads the first alone is alive. */
void perf_family_exec(struct perf_family *f, uint32_t pid);

/* The thread parent_tid makes the thread tid of the process pid.  If the parent is none of the family, nor is
 * the child. */
void perf_family_fork(struct perf_family *f, uint32_t pid, uint32_t tid, uint32_t parent_tid);

/* The thread has died. */
void perf_family_exit(struct perf_family *f, uint32_t tid);

/* Returns true if the thread is alive and of the family. */
bool perf_family_has(const struct perf_family *f, uint32_t tid);

/* Returns how many threads are alive. */
size_t perf_family_count(const struct perf_family *f);

/* NULL is fine. */
void perf_family_free(struct perf_family *f);

#endif
