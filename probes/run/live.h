/* Who pays for malloc's locks right now: processes that run already are followed, and what came since the
 * last look is told by process, by outcome and by lock.  Owns the session, the mappings and the names that it
 * takes; prints nothing. */
#ifndef HEAPWAIT_LIVE_H
#define HEAPWAIT_LIVE_H

#include "analysis/base/error.h"
#include "probes/run/live_words.h"
#include "probes/run/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live;

struct live_process {
    uint32_t pid;
    char comm[16];                    /* "?": it ended before anybody asked */
    int64_t cpu_ns;                   /* that it ran meanwhile; -1: not known */
    struct live_calls malloc, others; /* for malloc's locks; for all other words */
    struct live_word hottest; /* of malloc's where there is one, else of the others; name NULL: no calls */
};

struct live_view {
    struct live_process *processes; /* most time in calls for malloc's locks first, then most other calls */
    size_t count;
    uint64_t interval_ns;    /* since the last look */
    uint64_t lost;           /* events, from the beginning on */
    const char *lost_reason; /* of most of them; static */
    uint64_t unnamed; /* calls held back, for words that can't be named yet: they come with a later look */
    bool asked;       /* for certain processes: these are there also when they made no call */
    bool ended;       /* all processes that were asked for have ended */
};

/* Of the whole machine's words only the hottest are named at each look, for as long as this many ns: an ELF
 * file with millions of symbols must not stop the clock.  The next look goes on. */
#define LIVE_NAMING_NS UINT64_C(150000000)

/* The target is borrowed.  *note: what the user should be told, malloc'd, or NULL.  -EPERM: this user can't
 * trace; -ESRCH: none of the processes could be followed; with a sentence. */
int live_open(const struct target *target, struct live **out, char **note, struct error *err);

/* Descriptors to poll; live_read() is to be called when one is readable. */
const int *live_fds(const struct live *l, unsigned *count);
void live_read(struct live *l);

/* What came since the last look (the first time: since live_open()).  Free with live_view_free(). */
int live_take(struct live *l, struct live_view *view, struct error *err);
void live_view_free(struct live_view *view);

/* To be called after a view was freed: begins anew with empty tables when they are well filled (not with
 * processes that were asked for: what descends from one that has ended would not be found again). */
int live_renew(struct live *l, struct error *err);

/* NULL is fine. */
void live_close(struct live *l);

#endif
