/* The history of address spaces: which files each process had mapped as code, and when.  Fed in order of time
 * by whoever sees the records: probes/mappings/sideband.c from the kernel, probes/perf/perf_import.c from a
 * perf session. Reads no ELF file; keeps no data mappings: where a module's .data and .bss lie follows from
 * its code's place and its own headers. */
#ifndef HEAPWAIT_SPACES_H
#define HEAPWAIT_SPACES_H

#include <stddef.h>
#include <stdint.h>

struct mapped_file;
struct spaces;

/* One executable mapping of a file.  `path` is owned by the history. */
struct mapping {
    uint64_t start, length, file_offset;
    uint64_t inode;                 /* 0: not known */
    uint32_t major, minor;          /* of its device, as the kernel shows it; 0, 0: not known */
    uint64_t since_ns;              /* 0: from the beginning on, or not known */
    const char *path;               /* "[vdso]": the kernel's own */
    const struct mapped_file *file; /* whoever made the mapping owns it; NULL: only the path is known */
};

/* The process `pid` from since_ns (fork or exec) on, until the next space of the same pid. */
struct address_space {
    uint32_t pid;
    uint64_t since_ns; /* 0: it was there before the records began */
    const struct mapping *mappings;
    size_t mapping_count; /* in the order in which they were made */
};

/* Holds at most so many mappings of all spaces together, 0: no bound.  NULL: out of memory. */
struct spaces *spaces_new(size_t max_mappings);

/* The records, oldest first.  0, -ENOMEM or -ENOSPC (a space without its mappings may be left).  A path is
 * copied, each only once. */
int spaces_fork(struct spaces *s, uint32_t pid, uint32_t parent, uint64_t time_ns);
int spaces_exec(struct spaces *s, uint32_t pid, uint64_t time_ns);
int spaces_map(struct spaces *s, uint32_t pid, uint64_t time_ns, const struct mapping *m);

/* A copy of the path that lives as long as the history; NULL: out of memory. */
const char *spaces_path(struct spaces *s, const char *path);

/* The space that `pid` had at the time, NULL when not known.  Valid until the next record. */
const struct address_space *spaces_at(const struct spaces *s, uint32_t pid, uint64_t time_ns);

/* Spaces are numbered from 1: that of `pid` now, made when there is none; 0: out of memory. */
uint32_t spaces_now(struct spaces *s, uint32_t pid);
const struct address_space *spaces_get(const struct spaces *s, uint32_t number);
size_t spaces_count(const struct spaces *s);

/* NULL is fine. */
void spaces_free(struct spaces *s);

#endif
