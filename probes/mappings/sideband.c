/* See sideband.h.  The records of different CPUs come in no common order.  So they are kept, and sorted by
 * time before anything is made of them. */
#include "probes/mappings/sideband_private.h"

#include "probes/host/clock.h"
#include "probes/mappings/descendants.h"
#include "probes/mappings/mapped_file.h"
#include "probes/mappings/maps.h"
#include "probes/mappings/perf_rings.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    MANY_EVENTS = 1 << 14, /* from here on what is surely complete goes into the history at once */
    MAX_SPACES = 1 << 18,  /* further ones are lost, and counted */
};
static const uint64_t LATE_NS = 1000000000; /* no record comes that long after its time */

/* Returns the array with room for one more element; NULL: out of memory, and the array is as it was. */
static void *array_grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    size_t larger = *capacity ? *capacity * 2 : 64;
    void *grown = reallocarray(array, larger, size);
    if (grown)
        *capacity = larger;
    return grown;
}

static struct sideband *sideband_new(const pid_t *pids, size_t count)
{
    struct sideband *s = calloc(1, sizeof(*s));
    bool made = s && (s->spaces = spaces_new(0)) && (s->files = mapped_files_new()) &&
                (!pids || (s->ours = descendants_new()));
    for (size_t i = 0; pids && i < count && made; i++)
        made = spaces_now(s->spaces, (uint32_t)pids[i]) && !descendants_add(s->ours, (uint32_t)pids[i]);
    if (made)
        return s;
    sideband_close(s);
    return NULL;
}

int sideband_open(const pid_t *pids, size_t count, struct sideband **out, struct error *err)
{
    struct sideband *s = sideband_new(pids, count);
    if (!s)
        return error_set(err, -ENOMEM, "out of memory for %zu processes", count);
    s->opened_ns = clock_monotonic_ns();
    s->forget_at = FEW_SPACES;
    int rc = perf_rings_open(&s->rings);
    if (rc) {
        sideband_close(s);
        return error_set(err, rc,
                         "can't follow the mappings of processes (perf_event_open: %s); "
                         "`heapwait doctor` tells what is missing",
                         strerror(-rc));
    }
    *out = s;
    return 0;
}

const int *sideband_fds(const struct sideband *s, unsigned *count)
{
    return perf_rings_fds(s->rings, count);
}

static bool event_add(struct sideband *s, struct events *to, struct event e)
{
    struct event *at = array_grow(to->at, to->count, &to->capacity, sizeof(*at));
    if (!at) {
        s->lost++;
        return false;
    }
    to->at = at;
    e.sequence = s->sequence++;
    to->at[to->count++] = e;
    return true;
}

/* Layouts of PERF_RECORD_*: include/uapi/linux/perf_event.h.  Every record ends with the sample_id that
 * sample_type asks for: u32 pid, tid; u64 time. */
struct record_fork {
    struct perf_event_header header;
    uint32_t pid, ppid, tid, ptid;
    uint64_t time;
};
struct record_mmap2 {
    struct perf_event_header header;
    uint32_t pid, tid;
    uint64_t addr, len, pgoff;
    uint32_t maj, min;
    uint64_t ino, ino_generation;
    uint32_t prot, flags;
    char filename[];
};
struct record_comm {
    struct perf_event_header header;
    uint32_t pid, tid;
};
struct record_lost {
    struct perf_event_header header;
    uint64_t id, lost;
};

static uint64_t record_time(const struct perf_event_header *h)
{
    uint64_t time;
    memcpy(&time, (const char *)h + h->size - sizeof(time), sizeof(time));
    return time;
}

static void mmap2_take(struct sideband *s, const struct record_mmap2 *r)
{
    size_t room = r->header.size - sizeof(*r);
    if (!memchr(r->filename, 0, room))
        return;
    if ((strcmp(r->filename, "[vdso]") != 0 && r->filename[0] != '/') || !strncmp(r->filename, "//anon", 6))
        return; /* anonymous code */
    char *path = strdup(r->filename);
    struct mapping m = {.start = r->addr,
                        .length = r->len,
                        .file_offset = r->pgoff,
                        .inode = r->ino,
                        .major = r->maj,
                        .minor = r->min,
                        .since_ns = record_time(&r->header),
                        .path = path};
    s->lost += !path;
    if (path &&
        !event_add(s, &s->met,
                   (struct event){.time_ns = m.since_ns, .kind = EVENT_MMAP, .pid = r->pid, .mapping = m}))
        free(path);
}

static void record_take(void *context, const struct perf_event_header *h)
{
    struct sideband *s = context;
    switch (h->type) {
    case PERF_RECORD_FORK: {
        const struct record_fork *r = (const void *)h;
        if (r->pid != r->ppid)
            event_add(
                s, &s->met,
                (struct event){.time_ns = r->time, .kind = EVENT_FORK, .pid = r->pid, .parent = r->ppid});
        break;
    }
    case PERF_RECORD_COMM: {
        const struct record_comm *r = (const void *)h;
        if (h->misc & PERF_RECORD_MISC_COMM_EXEC)
            event_add(s, &s->met,
                      (struct event){.time_ns = record_time(h), .kind = EVENT_EXEC, .pid = r->pid});
        break;
    }
    case PERF_RECORD_MMAP2:
        mmap2_take(s, (const void *)h);
        break;
    case PERF_RECORD_LOST:
        s->lost += ((const struct record_lost *)(const void *)h)->lost;
        break;
    default:
        break;
    }
}

static int event_compare(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return x->sequence < y->sequence ? -1 : 1;
}

static void events_sort(struct events *e)
{
    if (e->count)
        qsort(e->at, e->count, sizeof(*e->at), event_compare);
}

/* ---- whose they are ---- */

static bool is_ours(const struct sideband *s, uint32_t pid)
{
    return !s->ours || descendants_have(s->ours, pid);
}

/* Keeps an event of a process that is followed, and opens its file while that can be done. */
static void event_keep(struct sideband *s, struct event e)
{
    if (e.kind == EVENT_FORK && s->ours && descendants_add(s->ours, e.pid))
        s->lost++;
    if (e.kind == EVENT_MMAP) {
        e.mapping.path = spaces_path(s->spaces, e.mapping.path);
        if (!e.mapping.path) {
            s->lost++;
            return;
        }
        if (strcmp(e.mapping.path, "[vdso]") != 0)
            e.mapping.file = mapped_files_keep(s->files, (pid_t)e.pid, &e.mapping);
    }
    event_add(s, &s->events, e);
}

/* Sees to an event of another process.  It is of interest only if it is the fork of one with a number that a
 * followed process had: the history gets it, and the number is not followed any more. */
static void event_pass(struct sideband *s, const struct event *e)
{
    if (e->kind != EVENT_FORK || !descendants_have(s->ours, e->pid))
        return;
    descendants_remove(s->ours, e->pid);
    event_add(s, &s->events, *e);
}

/* Decides of the events met which are of processes that are followed.  Of those with numbers below
 * `all_before` all forks are at hand that made their processes; others may have to wait. */
static void met_decide(struct sideband *s, uint64_t all_before)
{
    size_t left = 0;
    events_sort(&s->met);
    for (size_t i = 0; i < s->met.count; i++) {
        struct event *e = &s->met.at[i];
        bool ours = is_ours(s, e->kind == EVENT_FORK ? e->parent : e->pid);
        if (!ours && e->sequence >= all_before) {
            s->met.at[left++] = *e;
            continue;
        }
        if (ours)
            event_keep(s, *e);
        else
            event_pass(s, e);
        if (e->kind == EVENT_MMAP)
            free((char *)e->mapping.path);
    }
    s->met.count = left;
}

/* Reads the buffers and decides of what was in them.  A process's fork is recorded before it runs, but maybe
 * for another CPU, whose buffer had been read already by then: to read all once more brings it. */
static void rings_take(struct sideband *s)
{
    if (s->rings)
        perf_rings_read(s->rings, record_take, s);
    uint64_t all_before = s->sequence;
    if (s->rings && s->ours)
        perf_rings_read(s->rings, record_take, s);
    met_decide(s, all_before);
}

/* ---- the history ---- */

static int event_replay(struct sideband *s, const struct event *e)
{
    if (e->kind != EVENT_MMAP && spaces_count(s->spaces) >= MAX_SPACES) {
        s->lost++;
        return 0;
    }
    if (e->kind == EVENT_MMAP)
        return spaces_map(s->spaces, e->pid, e->time_ns, &e->mapping);
    if (e->kind == EVENT_FORK)
        return spaces_fork(s->spaces, e->pid, e->parent, e->time_ns);
    return spaces_exec(s->spaces, e->pid, e->time_ns);
}

/* Puts the events up to the time into the history; the rest stays. */
static int events_replay(struct sideband *s, uint64_t until_ns)
{
    struct events *e = &s->events;
    size_t done = 0;
    int rc = 0;
    events_sort(e);
    for (; done < e->count && e->at[done].time_ns <= until_ns && !rc; done++)
        rc = event_replay(s, &e->at[done]);
    e->count -= done;
    if (done && e->count)
        memmove(e->at, e->at + done, e->count * sizeof(*e->at));
    return rc;
}

void sideband_read(struct sideband *s)
{
    rings_take(s);
    if (s->events.count >= MANY_EVENTS && events_replay(s, clock_monotonic_ns() - LATE_NS))
        s->lost++;
}

int sideband_finish(struct sideband *s)
{
    if (s->rings)
        perf_rings_stop(s->rings);
    rings_take(s);
    met_decide(s, UINT64_MAX);
    return events_replay(s, UINT64_MAX);
}

int sideband_update(struct sideband *s)
{
    sideband_read(s);
    uint64_t surely = clock_monotonic_ns() - LATE_NS;
    /* no event comes that is older than the records */
    return events_replay(s, surely > s->opened_ns ? surely : s->opened_ns);
}

static bool events_tell(const struct events *e, uint32_t pid)
{
    for (size_t i = 0; i < e->count; i++)
        if (e->at[i].pid == pid && e->at[i].kind != EVENT_MMAP)
            return true;
    return false;
}

/* Returns true if records tell, or will tell, how the process came by its mappings. */
static bool process_is_known(const struct sideband *s, uint32_t pid)
{
    if (events_tell(&s->met, pid) || events_tell(&s->events, pid))
        return true;
    const struct address_space *space = spaces_at(s->spaces, pid, UINT64_MAX);
    return space && space->since_ns && space->mapping_count;
}

struct present {
    struct sideband *sideband;
    uint32_t pid;
    struct mapping *mappings;
    size_t count, capacity;
    bool failed;
};

static void present_take(void *context, const struct mapping *m)
{
    struct present *p = context;
    struct mapping *mappings = array_grow(p->mappings, p->count, &p->capacity, sizeof(*mappings));
    const char *path = mappings ? spaces_path(p->sideband->spaces, m->path) : NULL;
    if (mappings)
        p->mappings = mappings;
    p->failed |= !path;
    if (!path)
        return;
    struct mapping *taken = &p->mappings[p->count++];
    *taken = *m;
    taken->path = path;
    taken->file = mapped_files_keep(p->sideband->files, (pid_t)p->pid, taken);
}

/* The mappings are added as if they had been made when the records began: a child that is forked from here on
 * has them too. */
int sideband_present(struct sideband *s, uint32_t pid)
{
    struct present p = {.sideband = s, .pid = pid};
    int rc = maps_read(pid, present_take, &p);
    sideband_read(s); /* after an exec or a fork until now it is not known whose mappings these were */
    if (!rc && p.failed)
        rc = -ENOMEM;
    bool known = process_is_known(s, pid);
    for (size_t i = 0; i < p.count && !rc && !known; i++)
        event_add(s, &s->events,
                  (struct event){
                      .time_ns = s->opened_ns, .kind = EVENT_MMAP, .pid = pid, .mapping = p.mappings[i]});
    free(p.mappings);
    if (rc && !known)
        s->unread += rc != -ENOENT && rc != -ESRCH; /* with these two it has ended */
    return rc;
}

uint64_t sideband_unread(const struct sideband *s)
{
    return s->unread;
}

const struct address_space *sideband_space(const struct sideband *s, uint32_t pid, uint64_t time_ns)
{
    return spaces_at(s->spaces, pid, time_ns);
}

uint64_t sideband_lost(const struct sideband *s)
{
    return s->lost;
}

void sideband_close(struct sideband *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->met.count; i++)
        free((char *)s->met.at[i].mapping.path);
    free(s->met.at);
    free(s->events.at);
    perf_rings_close(s->rings);
    descendants_free(s->ours);
    spaces_free(s->spaces);
    mapped_files_free(s->files);
    free(s);
}
