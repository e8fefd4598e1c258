/* The file behind a mapping of a process, opened while it can be: by its path; through /proc/PID/root when
 * the process has another mount namespace; through /proc/PID/map_files when the file has been deleted or
 * replaced. Whatever is opened is checked to be the file that was mapped. */
#ifndef HEAPWAIT_MAPPED_FILE_H
#define HEAPWAIT_MAPPED_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct file_identity {
    uint64_t inode;        /* 0: not known, anything will do */
    uint32_t major, minor; /* of the device, as the kernel shows it in mappings; 0, 0: not known */
};

/* A file that was mapped, opened when that was seen: it may be gone later, or another lie in its place. */
struct mapped_file {
    const char *path; /* whoever asked owns it */
    struct file_identity identity;
    int fd;         /* -1: not held open */
    unsigned tries; /* how often it could not be reached */
};

/* All files that were mapped: each once, the first MAX_HELD of them held open. */
struct mapped_files;
struct mapped_files *mapped_files_new(void);
void mapped_files_free(struct mapped_files *t);

struct mapping;

/* Returns the file behind a mapping of the process `pid`; it lives as long as the table.  NULL: out of
 * memory. `pid` 0: the file is not opened now.  Paths are compared by pointer: for the same file m->path must
 * be the same text at the same place. */
const struct mapped_file *mapped_files_keep(struct mapped_files *t, pid_t pid, const struct mapping *m);

/* Closes those files that `is_used` returns false for.  They are opened again when a process maps them. */
void mapped_files_release(struct mapped_files *t, bool (*is_used)(void *context, const struct mapped_file *f),
                          void *context);

/* Opens the file that the process has mapped at `start`, for reading.  Returns a descriptor, which the caller
 * closes; negative: it can't be reached, or is another file.  `pid` 0: only the path is tried. */
int mapped_file_open(pid_t pid, uint64_t start, uint64_t length, const char *path,
                     const struct file_identity *identity);

/* Returns true if the open file is a regular one, and the one that was mapped. */
bool mapped_file_is(int fd, const struct file_identity *identity);

#endif
