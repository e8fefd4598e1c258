/* The history of address spaces: which files each process had mapped as code, and when.  Fed in order of time
 * by whoever sees the records: probes/mappings/sideband.c from the kernel, probes/perf/perf_import.c from a
 * perf session. Reads no ELF file; keeps no data mappings: where a module's .data and .bss lie follows from
 * its code's place and its own headers. */
#ifndef HEAPWAIT_SPACES_H
#define HEAPWAIT_SPACES_H

#include <stdbool.h>
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

/* Returns an empty history.  It holds at most `max_mappings` mappings of all spaces together; 0: no bound.
 * NULL: out of memory. */
struct spaces *spaces_new(size_t max_mappings);

/* Add a record each.  They are to come oldest first.  0, -ENOMEM or -ENOSPC; then a space may be left without
 * its mappings.  Paths are copied, each text only once. */
int spaces_fork(struct spaces *s, uint32_t pid, uint32_t parent, uint64_t time_ns);
int spaces_exec(struct spaces *s, uint32_t pid, uint64_t time_ns);
int spaces_map(struct spaces *s, uint32_t pid, uint64_t time_ns, const struct mapping *m);

/* Returns the history's copy of the path, which lives as long as it; NULL: out of memory. */
const char *spaces_path(struct spaces *s, const char *path);

/* Returns the space that `pid` had at the time; NULL: not known.  Valid until the next record. */
const struct address_space *spaces_at(const struct spaces *s, uint32_t pid, uint64_t time_ns);

/* Spaces are numbered from 1.  Returns the number of the space that `pid` has now; it is made if there is
 * none. 0: out of memory. */
uint32_t spaces_now(struct spaces *s, uint32_t pid);
/* Return the space of that number; how many there are. */
const struct address_space *spaces_get(const struct spaces *s, uint32_t number);
size_t spaces_count(const struct spaces *s);

/* Forgets the spaces, with their mappings, of all pids that `keep` returns false for.  The others get other
 * numbers, and are elsewhere. */
void spaces_forget(struct spaces *s, bool (*keep)(void *context, uint32_t pid), void *context);

/* NULL is fine. */
void spaces_free(struct spaces *s);

#endif
