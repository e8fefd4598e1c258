/* What heapwait attaches to: processes by their numbers, a cgroup, or the whole machine.  Finds it and holds
 * on to it, so that another process which gets the number later is not taken for it.  Marks nothing.
 *
 * int results are 0 or negative errno, with a sentence; *out is to be freed with target_free(). */
#ifndef HEAPWAIT_TARGET_H
#define HEAPWAIT_TARGET_H

#include "analysis/base/error.h"
#include "probes/bpf/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct target {
    enum follow_scope scope;
    pid_t *pids; /* FOLLOW_PROCESSES: each once, by numbers of heapwait's pid namespace */
    int *pidfds; /* of pids[] */
    size_t count;
    uint64_t cgroup; /* FOLLOW_CGROUP: its number */
    int events;      /* the cgroup's cgroup.events; -1: none, so it never empties */
    char *text;      /* for people: the command lines, the folder, ... */
    char *note;      /* what the user should be told; NULL: nothing */
};

/* Takes processes by their numbers in heapwait's pid namespace.  A number that doesn't exist there, but is
 * the innermost number of exactly one process that heapwait sees, is taken for that process, and `note` says
 * so.  -ESRCH: there is none, or it has ended; -EEXIST: several have that innermost number; -EINVAL: it is a
 * thread, or heapwait itself; -EPERM: heapwait's right to trace is lent (see probes/host/caller.h), and
 * doesn't reach so far. */
int target_processes(const pid_t *numbers, size_t count, struct target **out, struct error *err);

/* Takes the cgroup v2 whose folder is `path`.  `empty_will_do`: somebody is going to fill it.  -EINVAL: it is
 * no such folder; -ESRCH: no process is in it, though it must not be empty; -EPERM: as above. */
int target_cgroup(const char *path, bool empty_will_do, struct target **out, struct error *err);

/* Takes all processes.  -EPERM: as above. */
int target_machine(struct target **out, struct error *err);

/* Asks again whether pids[i] may be followed, now that it is: it may have begun a program with other rights
 * while it was being marked.  0, also if it has ended, or -EPERM. */
int target_permitted(const struct target *t, size_t i, struct error *err);

/* Returns true if the process pids[i] has ended; a zombie has. */
bool target_ended(const struct target *t, size_t i);

/* FOLLOW_CGROUP: returns true if no process is in the cgroup or below it, or it has been removed. */
bool target_cgroup_empty(const struct target *t);

/* NULL is fine. */
void target_free(struct target *t);

#endif
