/* Whether a file that a perf session had mapped is still the same here: only then are its symbols asked.  By
 * build-id where the session tells one; else by inode, on the machine of the recording, unless the file is
 * younger than it. */
#ifndef HEAPWAIT_PERF_FILES_H
#define HEAPWAIT_PERF_FILES_H

#include "probes/perf/perf_session.h"

#include <stddef.h>
#include <stdint.h>

struct perf_files;

struct perf_files *perf_files_new(const struct perf_session *session);

/* May the file's symbols be used?  *inode is set to what the mapping's inode is to be taken for (0: any). */
bool perf_files_trust(struct perf_files *f, const char *path, uint64_t inode, uint64_t *trusted_inode);

/* The files that were not trusted, one a line with the reason; malloc'd, NULL when there are none. */
char *perf_files_missing(const struct perf_files *f);

/* NULL is fine. */
void perf_files_free(struct perf_files *f);

#endif
