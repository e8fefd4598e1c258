/* See observe.h.  The order matters: the sideband is open before any process is marked, so that no mapping
 * falls between its records and what /proc says.  /proc is read at once, for a process may end before its
 * first word is named. */
#include "probes/run/observe.h"

#include "probes/host/clock.h"
#include "probes/host/process.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 250 };

/* Brings the mappings of the processes that were marked since the last time.  0 or -ENOMEM. */
static int mappings_bring(struct session *session, struct sideband *sideband)
{
    uint32_t *pids = NULL;
    size_t count = 0;
    int rc = session_present(session, &pids, &count);
    for (size_t i = 0; i < count && !rc; i++)
        if (sideband_present(sideband, pids[i]) == -ENOMEM)
            rc = -ENOMEM;
    free(pids);
    return rc;
}

static int unfollowed_error(const struct target *t, size_t i, struct error *err)
{
    if (target_ended(t, i))
        return error_set(err, -ESRCH, "process %d ended while heapwait attached to it: nothing was measured",
                         (int)t->pids[i]);
    if (process_is_kernel(t->pids[i]))
        return error_set(err, -EINVAL,
                         "process %d can't be followed: it is the kernel's own, which makes no futex calls",
                         (int)t->pids[i]);
    return error_set(err, -EINVAL,
                     "process %d can't be followed: it lives and is none of the kernel's, but was not among "
                     "the tasks that the "
                     "kernel showed (BPF task iterator); some machines guard a process even from root",
                     (int)t->pids[i]);
}

/* Tells which processes of the list could not be followed: an error if it is all of them, else a note. */
static int unfollowed_tell(const struct target *t, const uint32_t *tasks, char **note, struct error *err)
{
    size_t missing = 0, first = 0;
    for (size_t i = t->count; i-- > 0;)
        if (!tasks[i]) {
            missing++;
            first = i;
        }
    if (missing == t->count)
        return unfollowed_error(t, first, err);
    if (missing && asprintf(note, "%zu of %zu processes ended before they could be followed, the first is %d",
                            missing, t->count, (int)t->pids[first]) < 0)
        *note = NULL;
    return 0;
}

static int processes_follow(const struct target *t, struct session *session, char **note, struct error *err)
{
    uint32_t *tasks = calloc(t->count, sizeof(*tasks));
    int rc = tasks ? session_follow_processes(session, t->pids, t->count, tasks, err)
                   : error_set(err, -ENOMEM, "out of memory");
    if (!rc)
        rc = unfollowed_tell(t, tasks, note, err);
    for (size_t i = 0; i < t->count && !rc; i++)
        rc = target_permitted(t, i, err);
    free(tasks);
    return rc;
}

static int target_mark(const struct target *t, struct session *session, char **note, struct error *err)
{
    if (t->scope == FOLLOW_PROCESSES)
        return processes_follow(t, session, note, err);
    return t->scope == FOLLOW_CGROUP ? session_follow_cgroup(session, t->cgroup, err)
                                     : session_follow_all(session, err);
}

int observe_follow(const struct target *t, struct session *session, struct sideband **sideband, char **note,
                   struct error *err)
{
    bool chosen = t->scope == FOLLOW_PROCESSES;
    int rc = sideband_open(chosen ? t->pids : NULL, t->count, sideband, err);
    if (!rc)
        rc = target_mark(t, session, note, err);
    if (!rc && mappings_bring(session, *sideband))
        rc = error_set(err, -ENOMEM, "out of memory for the processes' mappings");
    return rc;
}

void observe_tend(const struct target *t, struct session *session, struct sideband *sideband)
{
    bool moved = false;
    sideband_read(sideband);
    if (t->scope == FOLLOW_CGROUP && !session_follow_moved(session, &moved, NULL) && moved)
        mappings_bring(session, sideband);
}

/* ---- waiting ---- */

/* Returns *count descriptors to wait for, malloc'd: the processes, the signals, the cgroup's events, the
 * sideband's rings.  NULL: out of memory. */
static struct pollfd *polled_new(const struct target *t, const struct sideband *sideband,
                                 const struct signals *signals, size_t *count)
{
    unsigned rings = 0;
    const int *fds = sideband_fds(sideband, &rings);
    struct pollfd *polled = calloc(2 + rings + t->count, sizeof(*polled));
    size_t n = 0;
    if (!polled)
        return NULL;
    for (size_t i = 0; i < t->count; i++)
        polled[n++] = (struct pollfd){.fd = t->pidfds[i], .events = POLLIN};
    polled[n++] = (struct pollfd){.fd = signals->fd, .events = POLLIN};
    polled[n++] = (struct pollfd){.fd = t->events, .events = POLLPRI};
    for (unsigned i = 0; i < rings; i++)
        polled[n++] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    *count = n;
    return polled;
}

/* Returns how many of the processes live; one that has ended is not waited for again. */
static size_t living_count(const struct target *t, struct pollfd *polled)
{
    size_t living = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (polled[i].revents)
            polled[i].fd = -1;
        living += polled[i].fd >= 0;
    }
    return living;
}

static bool target_left(const struct target *t, struct pollfd *polled)
{
    if (t->scope == FOLLOW_PROCESSES)
        return living_count(t, polled) > 0;
    return t->scope == FOLLOW_ALL || !target_cgroup_empty(t);
}

static int wait_ms(uint64_t until_ns)
{
    uint64_t now = clock_monotonic_ns();
    if (!until_ns || until_ns > now + TICK_MS * 1000000ull)
        return TICK_MS;
    return until_ns <= now ? 0 : (int)((until_ns - now) / 1000000 + 1);
}

int observe_wait(const struct target *t, struct session *session, struct sideband *sideband,
                 struct signals *signals, uint64_t until_ns, struct error *err)
{
    size_t count = 0;
    struct pollfd *polled = polled_new(t, sideband, signals, &count);
    int rc = polled ? 0 : error_set(err, -ENOMEM, "out of memory");
    bool going = !rc;
    while (going) {
        if (poll(polled, count, wait_ms(until_ns)) < 0 && errno != EINTR) {
            rc = error_set(err, -errno, "can't wait: %s", strerror(errno));
            break;
        }
        observe_tend(t, session, sideband);
        going = !polled[t->count].revents && target_left(t, polled) &&
                (!until_ns || clock_monotonic_ns() < until_ns);
    }
    free(polled);
    return rc;
}
