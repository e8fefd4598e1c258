/* The call paths of a perf session as a tree of addresses as perf printed them, each with its file and
 * address space; what the addresses mean is found out once, at the end.  Bounded: a path that finds no room
 * has the number 0. */
#ifndef HEAPWAIT_PERF_CALL_PATHS_H
#define HEAPWAIT_PERF_CALL_PATHS_H

#include "probes/perf/perf_script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_paths;

struct perf_step {
    uint64_t address;   /* as printed */
    const char *symbol; /* of the kernel's code only: for the rest the files are asked */
    const char *dso;    /* NULL: perf knew none */
    uint32_t caller;    /* 0: the outermost */
    uint32_t space;     /* address space; 0: the kernel's code */
    bool absolute;      /* the address is the process's; else it may be an offset in the file */
    bool kernel;
    uint64_t samples; /* of the clock, with this step innermost */
};

struct perf_paths *perf_paths_new(void);

/* Adds the path of a record made in the space, and `samples` to its innermost step, whose number is returned;
 * 0: there is no path, or no room (then perf_paths_lost() grows). */
uint32_t perf_paths_add(struct perf_paths *p, const struct perf_record *r, uint32_t space, uint64_t samples);

uint64_t perf_paths_lost(const struct perf_paths *p);

/* Steps are numbered from 1, callers before callees. */
size_t perf_paths_count(const struct perf_paths *p);
const struct perf_step *perf_paths_step(const struct perf_paths *p, uint32_t number);

/* NULL is fine. */
void perf_paths_free(struct perf_paths *p);

#endif
