/* Tells whether a file that a perf session had mapped is still the same here: only then are its symbols
 * asked.  The build-id decides, if the session has one.  Else the inode does, on the machine of the
 * recording, unless the file is younger than the recording. */
#ifndef HEAPWAIT_PERF_FILES_H
#define HEAPWAIT_PERF_FILES_H

#include "probes/perf/perf_session.h"

#include <stddef.h>
#include <stdint.h>

struct perf_files;

/* The session is borrowed until perf_files_free().  NULL: out of memory. */
struct perf_files *perf_files_new(const struct perf_session *session);

/* Returns true if the file's symbols may be used.  `inode` is the mapping's; 0: not told.  *trusted_inode is
 * then set to the inode that the mapping is to be kept with; 0: any. */
bool perf_files_trust(struct perf_files *f, const char *path, uint64_t inode, uint64_t *trusted_inode);

/* Returns the files that were not trusted, one a line with the reason, malloc'd; NULL: there are none, or no
 * memory. */
char *perf_files_missing(const struct perf_files *f);

/* NULL is fine. */
void perf_files_free(struct perf_files *f);

#endif
