/* Copies of files that a perf session had mapped, where the files themselves are gone or are other builds
 * now: in a folder that the user names (--symfs), in perf's own cache of build-ids (~/.debug), among the
 * files that the user gives (--debug-file), in /usr/lib/debug, in debuginfod's cache; and from debuginfod's
 * servers, but only where DEBUGINFOD_URLS names some and debuginfod-find is installed.  A copy is taken if
 * its build-id is the session's; where the session tells none, only the user's own word is. */
#ifndef HEAPWAIT_PERF_COPIES_H
#define HEAPWAIT_PERF_COPIES_H

#include "probes/elf/debug_file.h"

struct perf_copies {
    const char *symfs;         /* a folder with the file system of the session's machine; NULL: none */
    struct debug_files *given; /* NULL: none */
    unsigned asked;            /* how often debuginfod-find was run: at most MAX_ASKED times */
};

/* Returns a descriptor of a copy of the file, which the caller closes; -1: there is none.  `build_id`: in
 * hexadecimal, or NULL. */
int perf_copies_open(struct perf_copies *c, const char *path, const char *build_id);

/* Returns true if the open file has that build-id.  perf may have cut it, or filled it up with zeros. */
bool perf_copies_is_build(int fd, const char *build_id);

#endif
