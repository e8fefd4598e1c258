/* Who pays for malloc's locks right now: processes that run already are followed, and what came since the
 * last look is told by process, by outcome and by lock.  Owns the session, the mappings and the names that it
 * takes; prints nothing.
 *
 * int results are 0 or negative errno, with a sentence. */
#ifndef HEAPWAIT_LIVE_H
#define HEAPWAIT_LIVE_H

#include "analysis/base/error.h"
#include "probes/run/live_words.h"
#include "probes/run/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live;

/* How much is held now.  What belongs to processes that have ended is let go a look or two later. */
struct live_size {
    size_t words;     /* rows in the kernel's table, each two bpf() calls at each look */
    size_t spaces;    /* address spaces that are remembered */
    size_t processes; /* that are remembered by name */
};

struct live_process {
    uint32_t pid;
    char comm[16];                    /* its name; "?": it ended before anybody asked */
    int64_t cpu_ns;                   /* CPU time since the last look; -1: not known */
    struct live_calls malloc, others; /* calls for malloc's locks; for all other words */
    struct live_word hottest; /* the word with most calls, malloc's before others; name NULL: no calls */
};

struct live_view {
    struct live_process *processes; /* most time in calls for malloc's locks first, then most others */
    size_t count;
    uint64_t interval_ns;    /* since the last look */
    uint64_t lost;           /* how many events were found to be lost since the last look */
    const char *lost_reason; /* why most of them were; static, NULL: none were */
    uint64_t unnamed; /* calls held back because their words can't be named yet: a later look has them */
    bool asked;       /* certain processes were asked for: they are there also if they made no call */
    bool ended;       /* all processes that were asked for have ended */
};

/* How long words are named at each look, in ns, unless certain processes are followed: hottest first, and the
 * next look goes on.  An ELF file with millions of symbols must not stop the clock. */
#define LIVE_NAMING_NS UINT64_C(150000000)

/* Begins to follow the target, which is borrowed until live_close().  *note is set to what the user should be
 * told, malloc'd, or to NULL.  -EPERM: this user can't trace; -ESRCH: none of the processes could be
 * followed. */
int live_open(const struct target *target, struct live **out, char **note, struct error *err);

/* Returns *count descriptors to poll, owned by *l until live_renew(); when one is readable live_read() is
 * due. */
const int *live_fds(const struct live *l, unsigned *count);
void live_read(struct live *l);

/* Fills *view with what came since the last look, or since live_open().  It is to be freed with
 * live_view_free(); after an error there is nothing to free. */
int live_take(struct live *l, struct live_view *view, struct error *err);
void live_view_free(struct live_view *view);

/* Returns how much was held after the last look. */
struct live_size live_size(const struct live *l);

/* To be called after a view was freed.  Begins anew with empty tables if they are well filled or half an hour
 * old; does nothing if certain processes were asked for, since children of one that has ended would not be
 * found again. */
int live_renew(struct live *l, struct error *err);

/* Detaches and frees.  NULL is fine. */
void live_close(struct live *l);

#endif
