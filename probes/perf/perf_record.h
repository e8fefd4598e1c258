/* `perf record` on a process that is held before its exec: started, told apart from a perf that can't,
 * switched on before the process goes on, and ended so that its file is whole.  Owns perf's process, nothing
 * of its file's contents (probes/perf/perf_data.h).
 *
 * Attached by -p, perf opens its events on the process alone, but with `inherit`: threads and children to
 * come are sampled too, as if perf had started the command itself. */
#ifndef HEAPWAIT_PERF_RECORD_H
#define HEAPWAIT_PERF_RECORD_H

#include "analysis/base/error.h"
#include "probes/recording/recording.h"

#include <stddef.h>
#include <sys/types.h>

struct perf_record_child;

/* Samples of what runs, with the top of the user stack: heapwait unwinds it itself
 * (probes/run/perf_stacks.h). Frame pointers, perf's cheaper way, are of no use in a static musl program: its
 * C library has none. */
enum { PERF_FREQUENCY_HZ = 499, PERF_STACK_BYTES = 8192 };

/* "cycles" where the machine counts them and this user may, else "cpu-clock". */
const char *perf_record_event(void);

/* Starts perf on the processes, writing to `file` (an older one is kept as FILE.old: perf_place.h), and
 * returns when it samples.  -ENOENT: perf isn't installed; -EPERM: it can't, and `err` has what it said. When
 * it fails the older file is back in its place. */
int perf_record_start(const pid_t *pids, size_t count, const char *file, struct perf_record_child **out,
                      struct error *err);

/* Of one process, recording what `arguments` say (perf record's own, NULL-terminated). */
int perf_record_start_as(pid_t pid, const char *file, const char *const *arguments,
                         struct perf_record_child **out, struct error *err);

/* Whether it can: on heapwait itself, for an instant.  `file` is there for that long only. */
int perf_record_try(const char *file, struct error *err);

/* Ends it and waits until its file is whole; -EIO: it ended badly, or `file` is not what it wrote in this
 * run. */
int perf_record_finish(struct perf_record_child *p, struct error *err);

/* What was asked of perf, into `host`: perf_file, perf_event, perf_frequency_hz, perf_call_graph.  `file`
 * NULL: it isn't kept. */
int perf_record_store(struct recording *r, const char *file, struct error *err);

/* Ends what is still there.  NULL is fine. */
void perf_record_free(struct perf_record_child *p);

#endif
