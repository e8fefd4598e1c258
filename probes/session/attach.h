/* Which programs a mode needs, and how each is attached and let go.  Programs go by their names, so that the
 * object may be heapwait's own (probes.bpf.c) or one of empty programs on the same hooks
 * (empty_probes.bpf.c). What the programs do is not known here; which event each is for: docs/kernel-side.md.
 */
#ifndef HEAPWAIT_ATTACH_H
#define HEAPWAIT_ATTACH_H

#include "probes/session/hooks.h"

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_LINKS = 1280 }; /* a sampler for every CPU among them */

struct attachment {
    struct bpf_object *object; /* borrowed */
    bool ledger;
    enum hooks hooks;          /* by which system calls are seen */
    bool locks;                /* mode ledger: the kernel's locks are seen: hooks_see_locks() */
    bool faults;               /* mode ledger: so are page faults: hooks_see_faults() */
    bool memory;               /* calls on memory are counted: modes profile and ledger */
    bool cgroup;               /* what is moved into the wanted cgroup is to be seen */
    int tracefs;               /* owned; negative: not open */
    uint64_t sample_period_ns; /* 0: no samples */
    struct bpf_link *links[MAX_LINKS];
    size_t link_count;
};

/* To be called before the object is loaded, with all fields up to sample_period_ns set but `tracefs`.  Opens
 * tracefs where it is needed, and lets the kernel see only the programs that are attached by these hooks.  0,
 * or negative errno if there are no such hooks for this user on this kernel. */
int attachment_choose(struct attachment *a);

/* To be called after loading: attaches the programs.  0 or negative errno; what has been attached stays so
 * until attachment_end(). */
int attachment_make(struct attachment *a);

/* Detaches all, which takes the kernel most of a second, and closes tracefs. */
void attachment_end(struct attachment *a);

/* Returns true if there is a program of this name in the table of those that are attached. */
bool attachment_knows(const char *program);

#endif
