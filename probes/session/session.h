/* The BPF side of a run: loads the programs, attaches them, marks the command, and brings back what the maps
 * hold.  Knows nothing of names or of the recording. */
#ifndef HEAPWAIT_SESSION_H
#define HEAPWAIT_SESSION_H

#include "analysis/base/error.h"
#include "probes/bpf/abi.h"
#include "probes/measurement/measurement.h"
#include "probes/measurement/word_row.h"

#include <sys/types.h>

struct session;

/* Loads and attaches; nothing is followed yet.  Fails with -EPERM and a sentence that names what is missing.
 */
int session_open(const struct measure_options *options, struct session **out, struct error *err);

/* Follows the process and all its descendants to come. */
int session_follow(struct session *s, int pidfd, struct error *err);

/* ---- what runs already: after session_open() any of these, and its descendants to come ---- */

/* The processes, with all their threads.  tasks[i]: how many threads of pids[i] were marked; 0: it has ended,
 * or is a kernel thread, or heapwait itself.  Numbers are those of heapwait's pid namespace. */
int session_follow_processes(struct session *s, const pid_t *pids, size_t count, uint32_t *tasks,
                             struct error *err);

/* The processes of a cgroup v2 and those below it, also such as are born or moved there later
 * (options->cgroup was set at session_open()); `cgroup` is the inode number of its folder. */
int session_follow_cgroup(struct session *s, uint64_t cgroup, struct error *err);

/* To be called now and then with session_follow_cgroup(): marks what was moved there since.  Processes that
 * exec are marked at once. */
int session_follow_moved(struct session *s, bool *moved, struct error *err);

/* All processes that heapwait's pid namespace shows, but heapwait and kernel threads. */
int session_follow_all(struct session *s, struct error *err);

/* The processes that were marked while they lived, each once: those since the last call.  Their mappings are
 * to be read from /proc. *pids is malloc'd. */
int session_present(struct session *s, uint32_t **pids, size_t *count);

/* ---- while it runs ---- */

/* The totals of all words up to now, in the order of session_words(), without stacks and histograms: what had
 * ended when the call began is in it.  Totals never get smaller from one snapshot to the next.  Free with
 * word_rows_free(). */
int session_snapshot(struct session *s, struct word_row **rows, size_t *count, struct error *err);

/* ---- the end ---- */

/* Ends the recording: lets the tasks that live on hand over what they hold, and follows them no longer.  The
 * programs stay attached (to detach them takes the kernel most of a second). */
int session_stop(struct session *s, struct error *err);

/* When that was, CLOCK_MONOTONIC: the accounts of what lives on end there. */
uint64_t session_stopped(const struct session *s);

/* After the maps are read: empties them, for another command. */
int session_reset(struct session *s);

/* After session_stop(): the table of words, ordered by space, address, operation, outcome.  Free with
 * word_rows_free(). */
int session_words(struct session *s, struct word_row **rows, size_t *count, struct error *err);

/* The call stack that was kept for this key, malloc'd, also while it runs; NULL: none. */
struct stack_value *session_stack(const struct session *s, const struct word_key *key);

/* After session_stop(): the call stacks that were taken, ordered by space, address and waits before other
 * calls.  0 or negative errno; free with path_rows_free() in any case. */
struct path_row {
    struct path_key key;
    struct path_value *value;
};
int session_paths(struct session *s, struct path_row **rows, size_t *count);
void path_rows_free(struct path_row *rows, size_t count);

/* 0 and *info, or -ENOENT. */
int session_space(struct session *s, uint32_t space, struct space_info *info);

/* Mode ledger, after session_stop(); arrays are malloc'd. */
uint32_t session_thread_count(const struct session *s);
int session_threads(struct session *s, struct thread_record **records, size_t *count);

struct sample_row {
    struct sample_key key;
    uint64_t count;
};
uint64_t session_sample_period(const struct session *s); /* 0: no samples */
int session_samples(struct session *s, struct sample_row **rows, size_t *count);

/* What the CPUs that the command may use (those that heapwait may) did together from session_cpus_begin() to
 * session_cpus_end(): to be called as soon as the command has ended.  0 or negative errno. */
struct cpu_totals {
    uint64_t ns[CPU_USES];
    uint64_t from_ns, until_ns; /* CLOCK_MONOTONIC */
    unsigned cpus;
};
int session_cpus_begin(struct session *s, uint64_t at_ns);
int session_cpus_end(struct session *s);
const struct cpu_totals *session_cpus(const struct session *s);

/* The stretches of the timeline's window, in no order; *from_ns is its beginning, 0 when it never opened. */
int session_timeline(struct session *s, uint64_t *from_ns, struct timeline_event **events, size_t *count);

/* Count of one reason; of followed tasks still living at the end; of program runs that the kernel skipped. */
uint64_t session_loss(const struct session *s, enum loss_reason reason);
uint64_t session_living(const struct session *s);
uint64_t session_missed(const struct session *s);

/* Runs and time of each program, where options->calibrate was set.  *stats is malloc'd. */
int session_stats(struct session *s, struct probe_stat **stats, size_t *count);

/* How the futex calls are seen: "syscall tracepoints" or "raw tracepoints". */
const char *session_hooks(const struct session *s);

/* NULL is fine. */
void session_close(struct session *s);

#endif
