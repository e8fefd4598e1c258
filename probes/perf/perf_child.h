/* perf as a child process whose output is read: by its argument list, never through a shell; without a pager,
 * without anybody's ~/.perfconfig, without asking debuginfod.  Owns the child until it is reaped. */
#ifndef HEAPWAIT_PERF_CHILD_H
#define HEAPWAIT_PERF_CHILD_H

#include "analysis/base/error.h"

#include <stddef.h>
#include <sys/types.h>

struct perf_child;

/* Starts `perf ARGUMENT...`; argv[0] is "perf", NULL ends the list.  Another program that perf's sessions
 * need (debuginfod-find) keeps the environment as it is.  *out is to be freed with perf_child_free().  0 or
 * negative errno, with a sentence; -ENOPKG: perf is not installed. */
int perf_child_start(const char *const *argv, struct perf_child **out, struct error *err);

/* Reads the next piece of its output.  Returns how many bytes; 0: the output has ended; negative errno;
 * -EINTR: a signal came. */
ssize_t perf_child_read(struct perf_child *c, char *buffer, size_t size);

/* Closes its output and reaps it.  0: it ended well; else -EIO, and the sentence says that perf can't `what`
 * ("read 'FILE'"), and what perf said last. */
int perf_child_finish(struct perf_child *c, const char *what, struct error *err);

/* After perf_child_finish(): returns what perf warned of, a line each, malloc'd, and sets *count to how many
 * lines; what it says of symbols and of its own options is left out.  perf ends well though it couldn't read
 * a session to its end.  NULL: it said nothing, or no memory. */
char *perf_child_warnings(const struct perf_child *c, size_t *count);

/* Waits until a child has begun to execute perf, or failed to and wrote its errno into the other end of the
 * pipe `report`, which closes when perf begins.  Returns 0, or that errno, negative. */
int perf_child_exec_await(int report);

/* Kills the child if it has not been reaped, and frees.  NULL is fine. */
void perf_child_free(struct perf_child *c);

#endif
