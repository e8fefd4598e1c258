/* `perf record` on a process that is held before its exec, or on such as run already: started, switched on
 * before the process goes on, and ended so that its file is whole.  A perf that can't record is told from one
 * that does.  Owns perf's process, nothing of its file's contents (probes/perf/perf_data.h).
 *
 * Attached by -p, perf opens its events on the process alone, but with `inherit`: threads and children to
 * come are sampled too, as if perf had started the command itself.
 *
 * int results are 0 or negative errno, with a sentence. */
#ifndef HEAPWAIT_PERF_RECORD_H
#define HEAPWAIT_PERF_RECORD_H

#include "analysis/base/error.h"
#include "probes/recording/recording.h"

#include <stddef.h>
#include <sys/types.h>

struct perf_record_child;

/* The samples: how many a second, and how many bytes of the user stack with each.  heapwait unwinds the stack
 * itself (probes/run/perf_stacks.h).  Frame pointers, perf's cheaper way, are of no use in a static musl
 * program: its C library has none. */
enum { PERF_FREQUENCY_HZ = 499, PERF_STACK_BYTES = 8192 };

/* Returns the event to sample by, static: "cycles" if the machine counts them and this user may, else
 * "cpu-clock". */
const char *perf_record_event(void);

/* Starts perf on the processes, and returns when it samples.  perf writes to `file`; an older one is kept as
 * FILE.old (perf_place.h).  *out is to be freed with perf_record_free().  -ENOENT: perf isn't installed;
 * -EPERM: perf can't record, and the sentence has what it said; -ETIMEDOUT: it doesn't answer; -EEXIST: what
 * lies at `file` may not be replaced.  After an error the older file is back in its place. */
int perf_record_start(const pid_t *pids, size_t count, const char *file, struct perf_record_child **out,
                      struct error *err);

/* The same for one process, recording what `arguments` say: perf record's own, NULL-terminated, at most 54.
 */
int perf_record_start_as(pid_t pid, const char *file, const char *const *arguments,
                         struct perf_record_child **out, struct error *err);

/* Finds out whether perf can record, by recording heapwait itself for an instant.  What lies at `file`
 * afterwards is removed. */
int perf_record_try(const char *file, struct error *err);

/* Ends perf and waits until its file is whole; to be called once.  -EIO: perf ended badly, or `file` is not
 * what it wrote in this run. */
int perf_record_finish(struct perf_record_child *p, struct error *err);

/* Writes what was asked of perf to the recording's table `host`: perf_file, perf_event, perf_frequency_hz,
 * perf_call_graph.  `file` NULL: it isn't kept, and has no row. */
int perf_record_store(struct recording *r, const char *file, struct error *err);

/* Kills perf if it is still there, and frees.  If it never began to sample the older file comes back.  NULL
 * is fine. */
void perf_record_free(struct perf_record_child *p);

#endif
