/* The call paths of a perf session, as a tree of addresses as perf printed them.  Each step has its file and
 * its address space; what the addresses mean is found out once, at the end (perf_result.c).  Memory is
 * bounded: a path that finds no room has the number 0 and is counted. */
#ifndef HEAPWAIT_PERF_CALL_PATHS_H
#define HEAPWAIT_PERF_CALL_PATHS_H

#include "probes/perf/perf_script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_paths;

struct perf_step {
    uint64_t address;   /* as perf printed it */
    const char *symbol; /* in the kernel's code only: for the rest the files are asked */
    const char *dso;    /* NULL: perf knew none */
    uint32_t caller;    /* number of the calling step; 0: this is the outermost */
    uint32_t space;     /* address space; 0: the kernel's code */
    bool absolute;      /* the address is one of the process; else it may be an offset in the file */
    bool kernel;
    uint64_t samples; /* samples of the clock that have this step innermost */
};

/* Returns an empty tree; NULL: out of memory. */
struct perf_paths *perf_paths_new(void);

/* Adds the call path of a record that was made in the address space of that number, and `samples` to its
 * innermost step.  Returns that step's number; 0: the record has no path, or there is no room, and the path
 * is counted by perf_paths_lost().  The record's strings are copied. */
uint32_t perf_paths_add(struct perf_paths *p, const struct perf_record *r, uint32_t space, uint64_t samples);

/* Returns how many paths found no room. */
uint64_t perf_paths_lost(const struct perf_paths *p);

/* Steps are numbered from 1 to perf_paths_count(), callers before callees.  A step is owned by *p and valid
 * until the next perf_paths_add(), its strings until perf_paths_free().  NULL: there is no step of that
 * number. */
size_t perf_paths_count(const struct perf_paths *p);
const struct perf_step *perf_paths_step(const struct perf_paths *p, uint32_t number);

/* NULL is fine. */
void perf_paths_free(struct perf_paths *p);

#endif
