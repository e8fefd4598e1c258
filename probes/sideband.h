/* Which files a process had mapped, and when: read from perf's own records (mmap, fork, exec), which the
 * kernel writes at the moment it happens, so that a process may live for 5 ms or die by a signal. Owns the
 * perf events and the history of address spaces.  Reads no ELF file; keeps no data mappings: where a module's
 * .data and .bss lie follows from its code's place and its own headers. */
#ifndef HEAPWAIT_SIDEBAND_H
#define HEAPWAIT_SIDEBAND_H

#include "probes/error.h"
#include "probes/mapped_file.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sideband;

/* A file that was mapped, opened when that was seen: it may be gone later, or another lie in its place. */
struct mapped_file {
    const char *path;
    struct file_identity identity;
    int fd;         /* -1: not held open */
    unsigned tries; /* how often it could not be reached */
};

/* One executable mapping of a file.  `path` and `file` are owned by the sideband. */
struct mapping {
    uint64_t start, length, file_offset;
    uint64_t inode;
    uint64_t since_ns;              /* CLOCK_MONOTONIC; 0: from the beginning on */
    const char *path;               /* "[vdso]": the kernel's own */
    const struct mapped_file *file; /* NULL: only the path is known */
};

/* The process `pid` from since_ns (fork or exec) on, until the next space of the same pid. */
struct address_space {
    uint32_t pid;
    uint64_t since_ns; /* CLOCK_MONOTONIC */
    const struct mapping *mappings;
    size_t mapping_count; /* in the order in which they were made */
};

/* Opens one event per CPU on the process and all its descendants to come. */
int sideband_open(pid_t pid, struct sideband **out, struct error *err);

/* Descriptors to poll: readable when the buffers are half full. */
const int *sideband_fds(const struct sideband *s, unsigned *count);

/* Takes what is in the buffers. */
void sideband_read(struct sideband *s);

/* Puts the records in order of time and builds the spaces; call once, at the end. */
int sideband_finish(struct sideband *s);

/* The space that `pid` had at the time, NULL when not known.  Valid after sideband_finish(). */
const struct address_space *sideband_space(const struct sideband *s, uint32_t pid, uint64_t time_ns);

/* Records that the kernel had to drop (buffers full). */
uint64_t sideband_lost(const struct sideband *s);

/* NULL is fine. */
void sideband_close(struct sideband *s);

#endif
