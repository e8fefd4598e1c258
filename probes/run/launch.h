/* Starts a command in two steps: forked and held before its exec (so that probes can be put on it), then let
 * go. Owns the child until it is reaped, signals and timeouts included.  Knows nothing of probes. */
#ifndef HEAPWAIT_LAUNCH_H
#define HEAPWAIT_LAUNCH_H

#include "analysis/base/error.h"
#include "probes/measurement/measurement.h"

#include <sys/types.h>

struct launch;

/* Forks the child and holds it.  It has heapwait's signal mask from before, and no descriptor of heapwait's
 * but 0, 1 and 2.  From here until launch_free(), SIGINT and SIGTERM are taken by launch_wait(). */
int launch_prepare(const struct measure_options *options, struct launch **out, struct error *err);

/* The child's process id as heapwait sees it, and a pidfd that the launch owns. */
pid_t launch_pid(const struct launch *l);
int launch_pidfd(const struct launch *l);

/* Lets the child exec.  Returns when it has: 0, or the negative errno that exec gave (launch_exec_failed()),
 * or that becoming the user gave (the child is reaped then). */
int launch_release(struct launch *l, struct error *err);
bool launch_exec_failed(const struct launch *l);

/* Something to be looked after while the command runs: `ready` is called whenever one of `fds` is readable,
 * and once a quarter of a second, at first more often. */
struct launch_watch {
    const int *fds;
    unsigned count;
    void (*ready)(void *context);
    void *context;
};

/* Waits for the end and fills *outcome.  A timeout or an interruption ends the command: its whole process
 * group by SIGKILL where it has its own; else SIGTERM, and after GRACE_NS it is left behind, with nothing but
 * times in *outcome.  `watch` may be NULL. */
int launch_wait(struct launch *l, const struct launch_watch *watch, struct run_outcome *outcome,
                struct error *err);

/* Kills and reaps what is still there; restores the signal mask.  NULL is fine. */
void launch_free(struct launch *l);

#endif
