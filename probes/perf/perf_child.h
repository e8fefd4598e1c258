/* perf as a child process whose output is read: by its argument list, never through a shell; without a pager,
 * without anybody's ~/.perfconfig, without asking debuginfod.  Owns the child until it is reaped. */
#ifndef HEAPWAIT_PERF_CHILD_H
#define HEAPWAIT_PERF_CHILD_H

#include "analysis/base/error.h"

#include <stddef.h>
#include <sys/types.h>

struct perf_child;

/* Starts `perf ARGUMENT...` (argv[0] is "perf", NULL ends).  -ENOPKG: perf is not installed. */
int perf_child_start(const char *const *argv, struct perf_child **out, struct error *err);

/* The next piece of its output: how many bytes, 0 at the end, negative errno; -EINTR when a signal came. */
ssize_t perf_child_read(struct perf_child *c, char *buffer, size_t size);

/* Reaps it.  0: it ended well; else -EIO, and `err` has what perf said last, said of `what` ("read 'FILE'").
 */
int perf_child_finish(struct perf_child *c, const char *what, struct error *err);

/* Ends it, if it is still there.  NULL is fine. */
void perf_child_free(struct perf_child *c);

#endif
