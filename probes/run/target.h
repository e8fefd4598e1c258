/* What is attached to: processes by their numbers, a cgroup, or the whole machine.  Finds it and holds on to
 * it, so that a number which comes again is not taken for it; marks nothing. */
#ifndef HEAPWAIT_TARGET_H
#define HEAPWAIT_TARGET_H

#include "analysis/base/error.h"
#include "probes/bpf/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct target {
    enum follow_scope scope;
    pid_t *pids; /* FOLLOW_PROCESSES, each once, as heapwait's pid namespace has them */
    int *pidfds;
    size_t count;
    uint64_t cgroup; /* FOLLOW_CGROUP */
    int events;      /* its cgroup.events; -1: none, it never empties */
    char *text;      /* for reading: the command lines, the folder, ... */
    char *note;      /* what the user should be told; NULL: nothing */
};

/* Numbers are heapwait's; one that doesn't exist there, but is the innermost number of exactly one process
 * that heapwait sees, is taken for that one, and `note` says so. */
int target_processes(const pid_t *numbers, size_t count, struct target **out, struct error *err);

/* `empty_will_do`: somebody is going to fill it. */
int target_cgroup(const char *path, bool empty_will_do, struct target **out, struct error *err);

int target_machine(struct target **out, struct error *err);

/* Whether the process pids[i] has ended, zombies included. */
bool target_ended(const struct target *t, size_t i);

/* FOLLOW_CGROUP: whether no process is left in it. */
bool target_cgroup_empty(const struct target *t);

/* NULL is fine. */
void target_free(struct target *t);

#endif
