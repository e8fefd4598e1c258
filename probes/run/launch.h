/* Starts a command in two steps: it is forked and held before its exec, so that probes can be put on it, and
 * then let go.  Owns the child until it is reaped, and sees to signals and timeouts.  Knows nothing of
 * probes.
 *
 * int results are 0 or negative errno, with a sentence. */
#ifndef HEAPWAIT_LAUNCH_H
#define HEAPWAIT_LAUNCH_H

#include "analysis/base/error.h"
#include "probes/measurement/measurement.h"

#include <sys/types.h>

struct launch;

/* Forks the child and holds it.  The child has the signal mask that heapwait had before, and of heapwait's
 * descriptors only 0, 1 and 2.  From here until launch_free(), SIGINT and SIGTERM are taken by launch_wait().
 * *options is borrowed until launch_free(), with which *out is to be freed. */
int launch_prepare(const struct measure_options *options, struct launch **out, struct error *err);

/* Return the child's number in heapwait's pid namespace, and its pidfd, which the launch owns. */
pid_t launch_pid(const struct launch *l);
int launch_pidfd(const struct launch *l);

/* Lets the child exec, and returns when it has.  After an error no command runs; launch_exec_failed() then
 * returns true if it was exec that failed, false if it was becoming the user, or the child can't be let go.
 */
int launch_release(struct launch *l, struct error *err);
bool launch_exec_failed(const struct launch *l);

/* What is to be looked after while the command runs.  `ready` is called whenever one of the `count`
 * descriptors `fds` is readable, and at least each quarter of a second, at first more often. */
struct launch_watch {
    const int *fds;
    unsigned count;
    void (*ready)(void *context);
    void *context;
};

/* Waits for the command's end and fills *outcome.  `watch` may be NULL.
 *
 * A timeout or a signal for heapwait ends the command.  If it has a process group of its own, the group is
 * killed.  Else a timeout kills the command alone; a signal is passed on to it (unless it came from the
 * terminal, which has sent it to both), after two seconds SIGTERM follows, and after two more the command is
 * left behind, with nothing but times in *outcome. */
int launch_wait(struct launch *l, const struct launch_watch *watch, struct run_outcome *outcome,
                struct error *err);

/* Kills and reaps the child if it is still there and not left behind, restores the signal mask, and frees.
 * NULL is fine. */
void launch_free(struct launch *l);

#endif
