/* The BPF side of a run: loads the programs, attaches them, marks the command, and brings back what the maps
 * hold.  Knows nothing of names or of the recording.
 *
 * Holds for all functions here: int results are 0 or negative errno, and where there is an `err` it has the
 * sentence then.  Arrays, and what else is handed over by a pointer to a pointer, are malloc'd and the
 * caller's. Times are CLOCK_MONOTONIC, in ns.  Numbers of processes and threads are those of heapwait's pid
 * namespace.  A session is not for several threads at once. */
#ifndef HEAPWAIT_SESSION_H
#define HEAPWAIT_SESSION_H

#include "analysis/base/error.h"
#include "probes/bpf/abi.h"
#include "probes/measurement/measurement.h"
#include "probes/measurement/word_row.h"

#include <stdbool.h>
#include <sys/types.h>

struct session;

/* Loads and attaches the programs; nothing is followed yet.  *out is to be closed with session_close().
 * -EPERM: this user or this machine can't trace; the sentence names what is missing. */
int session_open(const struct measure_options *options, struct session **out, struct error *err);

/* Follows the process's main thread, which sleeps before its exec, and all its descendants to come.  `pidfd`
 * is borrowed for the call. */
int session_follow(struct session *s, int pidfd, struct error *err);

/* ---- what runs already: after session_open() any of these, and its descendants to come ---- */

/* Follows the processes, with all their threads.  tasks[i] is set to how many threads of pids[i] were marked;
 * 0: the process has ended, or is a kernel thread, or heapwait itself.  -E2BIG: more than WANTED_PROCESSES.
 */
int session_follow_processes(struct session *s, const pid_t *pids, size_t count, uint32_t *tasks,
                             struct error *err);

/* Follows the processes of a cgroup v2 and of those below it, also such as are born or moved there later.
 * options->cgroup must have been set at session_open().  `cgroup` is the inode number of the cgroup's folder.
 */
int session_follow_cgroup(struct session *s, uint64_t cgroup, struct error *err);

/* To be called now and then after session_follow_cgroup(): marks what was moved into the cgroup since. *moved
 * is set to whether anything was.  Processes that exec are marked at once, without this. */
int session_follow_moved(struct session *s, bool *moved, struct error *err);

/* Follows all processes that heapwait's pid namespace shows, but for heapwait and kernel threads. */
int session_follow_all(struct session *s, struct error *err);

/* Sets *pids to the processes that were marked while they lived, each once, those since the last call.  Their
 * mappings are to be read from /proc. */
int session_present(struct session *s, uint32_t **pids, size_t *count);

/* ---- while it runs ---- */

/* Sets *rows to the totals of all words up to now, in the order of session_words(), without stacks and
 * histograms.  All futex calls that had ended when this one began are in it.  Totals never get smaller from
 * one snapshot to the next.  Free with word_rows_free(). */
int session_snapshot(struct session *s, struct word_row **rows, size_t *count, struct error *err);

/* Sets *spaces to the address spaces that were noted between the last two calls of this, each once: a space
 * is told one call late, because it has its number before it is in the table. */
struct noted_space {
    uint32_t number;
    struct space_info info;
};
int session_noted(struct session *s, struct noted_space **spaces, size_t *count);

/* Removes address spaces in which nothing runs any more, and the words of `rows`, which are theirs, from the
 * tables.  `rows` are those of the last snapshot, which was taken after the end of all that ran there.
 * Returns false if it can't be told yet that this was all: then nothing was done, and it is to be called
 * after another snapshot. */
bool session_forget(struct session *s, const uint32_t *spaces, size_t space_count,
                    const struct word_row *rows, size_t row_count);

/* ---- the end ---- */

/* Ends the recording: lets the tasks that live on hand over what they hold, and follows them no longer.  The
 * programs stay attached (to detach them takes the kernel most of a second). */
int session_stop(struct session *s, struct error *err);

/* Returns when session_stop() ended the recording; 0: it goes on.  The accounts of what lives on end there.
 */
uint64_t session_stopped(const struct session *s);

/* After the maps have been read: empties them and begins to record anew, for another command. */
int session_reset(struct session *s);

/* After session_stop(): sets *rows to the table of words, ordered by space, address, operation, outcome,
 * thread. Free with word_rows_free(). */
int session_words(struct session *s, struct word_row **rows, size_t *count, struct error *err);

/* Returns the call stack that was kept for this key, malloc'd; NULL: none, or out of memory.  Also good while
 * the recording goes on. */
struct stack_value *session_stack(const struct session *s, const struct word_key *key);

/* After session_stop(): sets *rows to the sample of call paths, ordered by space, address, and waits before
 * other calls.  Free with path_rows_free() in any case. */
struct path_row {
    struct path_key key;
    struct path_value *value;
};
int session_paths(struct session *s, struct path_row **rows, size_t *count);
void path_rows_free(struct path_row *rows, size_t count);

/* Sets *info to what is known of the address space.  -ENOENT: it was not noted. */
int session_space(struct session *s, uint32_t space, struct space_info *info);

/* Mode ledger, after session_stop(): how many threads had an account, and the accounts that found room. */
uint32_t session_thread_count(const struct session *s);
int session_threads(struct session *s, struct thread_record **records, size_t *count);

/* What the CPUs that the command may use (those that heapwait may) did together, from session_cpus_begin() to
 * session_cpus_end().  The latter is to be called as soon as the command has ended. */
struct cpu_totals {
    uint64_t ns[CPU_USES];
    uint64_t from_ns, until_ns; /* CLOCK_MONOTONIC */
    unsigned cpus;
};
int session_cpus_begin(struct session *s, uint64_t at_ns);
int session_cpus_end(struct session *s);
const struct cpu_totals *session_cpus(const struct session *s);

/* Sets *events to the stretches of the timeline's window, in no order, and *from_ns to its beginning; 0: it
 * never opened. */
int session_timeline(struct session *s, uint64_t *from_ns, struct timeline_event **events, size_t *count);

/* Modes profile and ledger, after session_stop(): the samples, and how far apart they are, in ns; 0: there
 * are none. */
struct sample_row {
    struct sample_key key;
    uint64_t count;
};
uint64_t session_sample_period(const struct session *s);
int session_samples(struct session *s, struct sample_row **rows, size_t *count);

/* Modes profile and ledger, after session_stop(): sets *rows to the system calls on memory, by address space
 * and kind. */
struct memory_row {
    struct memory_key key;
    struct memory_totals totals;
};
int session_memory(const struct session *s, struct memory_row **rows, size_t *count);

/* Fills chain[] with the addresses of a stack in the kernel, the innermost first, and returns how many they
 * are.  `number` is from sample_path.kernel_stack, in mode profile from sample_key.ip as well.  0: there is
 * none. */
size_t session_kernel_stack(const struct session *s, uint32_t number, uint64_t chain[PATH_CHAIN]);

/* Sets *paths to the samples whose user stack was kept, a random sample of all.  None if no call paths of
 * samples are wanted. */
int session_sample_paths(const struct session *s, struct sample_path **paths, size_t *count);

/* Return the count of one reason; of followed tasks that still lived at the end; of program runs that the
 * kernel skipped. */
uint64_t session_loss(const struct session *s, enum loss_reason reason);
uint64_t session_living(const struct session *s);
uint64_t session_missed(const struct session *s);

/* Sets *stats to the programs with their runs and time; both are -1 unless options->calibrate was set. */
int session_stats(struct session *s, struct probe_stat **stats, size_t *count);

/* Returns how system calls are seen: see hooks_name() in hooks.h. */
const char *session_hooks(const struct session *s);

/* Mode ledger: return whether this kernel shows waits for its own locks; its handler of page faults. */
bool session_sees_locks(const struct session *s);
bool session_sees_faults(const struct session *s);

/* Detaches, which takes the kernel most of a second, and frees.  NULL is fine. */
void session_close(struct session *s);

#endif
