/* Tells whether a file that a perf session had mapped is still the same here: only then are its symbols
 * asked.  The build-id decides, if the session has one.  Else the inode does, on the machine of the
 * recording, unless the file is younger than the recording. */
#ifndef HEAPWAIT_PERF_FILES_H
#define HEAPWAIT_PERF_FILES_H

#include "probes/perf/perf_copies.h"
#include "probes/perf/perf_session.h"

#include <stddef.h>
#include <stdint.h>

struct mapped_file;
struct perf_files;

/* The session is borrowed until perf_files_free(), and so are the places of copies; NULL: none are looked
 * for. Returns NULL if there is no memory. */
struct perf_files *perf_files_new(const struct perf_session *session, struct perf_copies *copies);

/* Returns true if the file's symbols may be used.  `inode` is the mapping's; 0: not told.  `build_id`: what
 * the mapping itself tells (perf record --buildid-mmap), in hexadecimal; NULL: what an earlier mapping of the
 * path told counts, else the session's list.  *trusted_inode is then set to the inode that the mapping is to
 * be kept with; 0: any. */
bool perf_files_trust(struct perf_files *f, const char *path, uint64_t inode, const char *build_id,
                      uint64_t *trusted_inode);

/* For a file that is not trusted: returns what the mapping is to be kept with, owned by *f: a copy of the
 * same build, found elsewhere; or a file that can't be opened, so that the mapping is known and its file
 * isn't. */
const struct mapped_file *perf_files_copy(struct perf_files *f, const char *path, uint64_t inode,
                                          const char *build_id);

/* Returns the files that were not trusted, and of which no copy was found, one a line with the reason,
 * malloc'd; NULL: there are none, or no memory. */
char *perf_files_missing(const struct perf_files *f);

/* NULL is fine. */
void perf_files_free(struct perf_files *f);

#endif
