/* What a process of heapwait's own does first, between fork() and its work: it ends with the heapwait that
 * started it, and what it may use up is bounded.  Not for the command that is measured, which outlives
 * heapwait and keeps its limits.  All of it may be called between fork() and exec. */
#ifndef HEAPWAIT_CHILD_H
#define HEAPWAIT_CHILD_H

#include <stdint.h>
#include <sys/types.h>

/* 0: not bounded. */
struct child_bounds {
    uint64_t cpu_seconds; /* of all its threads together; then SIGXCPU, a second later SIGKILL */
    uint64_t data_bytes;  /* private memory that it may write to: address space that is only reserved, as V8
                             and  glibc's arenas do by the gigabyte, doesn't count */
    uint64_t file_bytes;  /* each file that it writes */
};

/* Lets the process get `signal` when the thread that forked it ends.  `parent` is that process, asked for
 * before the fork; if it has ended already, this one does so here. */
void child_bind(pid_t parent, int signal);

/* Bounds the process, and leaves no core file.  A limit that is lower already stays. */
void child_bound(const struct child_bounds *bounds);

#endif
