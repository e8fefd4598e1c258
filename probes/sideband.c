/* See sideband.h.  The surprising facts: an inherited perf event may only be mapped if it is bound to one
 * CPU, so there is one per CPU; and the records of different CPUs come in no common order, so they are kept
 * and sorted by time before anything is made of them. */
#include "probes/sideband.h"

#include "probes/clock.h"
#include "probes/mapped_file.h"
#include "probes/maps.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    RING_PAGES = 64,
    MANY_EVENTS = 1 << 14, /* from here on what is surely complete goes into the history while it runs */
    MAX_SPACES = 1 << 18,  /* what comes later is lost, and counted */
};
static const uint64_t LATE_NS = 1000000000; /* no record comes so long after its time */

enum event_kind { EVENT_FORK, EVENT_EXEC, EVENT_MMAP };

struct event {
    uint64_t time_ns;
    uint64_t sequence; /* keeps the order within one time */
    enum event_kind kind;
    uint32_t pid, parent;
    struct mapping mapping;
};

struct sideband {
    unsigned cpus;
    int *fds;
    void **rings;
    size_t ring_bytes;
    struct event *events;
    size_t event_count, event_capacity;
    struct spaces *spaces;
    struct mapped_files *files;
    uint64_t lost, unread;
    uint64_t opened_ns;
    bool chosen; /* records of a pid without a space are none of ours */
};

/* Room for one more element; NULL when there is no memory. */
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

static int ring_open(struct sideband *s, pid_t pid, int cpu)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof(attr),
        .config = PERF_COUNT_SW_DUMMY,
        .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
        .sample_id_all = 1,
        .inherit = 1,
        .mmap = 1,
        .mmap2 = 1,
        .task = 1,
        .comm = 1,
        .comm_exec = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
        .watermark = 1,
        .wakeup_watermark = (uint32_t)(s->ring_bytes / 2),
    };
    int fd = (int)syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return -errno;
    void *ring =
        mmap(NULL, s->ring_bytes + (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ring == MAP_FAILED) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    s->fds[s->cpus] = fd;
    s->rings[s->cpus++] = ring;
    return 0;
}

static int rings_open(pid_t pid, bool chosen, struct sideband **out)
{
    struct sideband *s = calloc(1, sizeof(*s));
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    int rc = -ENOMEM;
    if (!s || !(s->spaces = spaces_new(0)) || !(s->files = mapped_files_new()) ||
        !(s->fds = calloc((size_t)cpus, sizeof(int))) || !(s->rings = calloc((size_t)cpus, sizeof(void *))))
        goto out;
    s->chosen = chosen;
    s->opened_ns = monotonic_ns();
    s->ring_bytes = RING_PAGES * (size_t)sysconf(_SC_PAGESIZE);
    for (int cpu = 0; cpu < cpus; cpu++) {
        rc = ring_open(s, pid, cpu);
        if (rc == -ENODEV) /* this CPU is offline */
            continue;
        if (rc)
            goto out;
    }
    rc = s->cpus ? 0 : -ENODEV;
out:
    if (rc) {
        sideband_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

int sideband_open(pid_t pid, struct sideband **out, struct error *err)
{
    int rc = rings_open(pid, false, out); /* the kernel shows only its own */
    return rc ? error_set(err, rc,
                          "can't follow the mappings of process %d (perf_event_open: %s); "
                          "`heapwait doctor` tells what is missing",
                          (int)pid, strerror(-rc))
              : 0;
}

int sideband_open_machine(const pid_t *pids, size_t count, struct sideband **out, struct error *err)
{
    struct sideband *s = NULL;
    int rc = rings_open(-1, pids != NULL, &s);
    if (rc)
        return error_set(err, rc,
                         "can't follow the mappings of all processes (perf_event_open: %s); "
                         "`heapwait doctor` tells what is missing",
                         strerror(-rc));
    for (size_t i = 0; i < count; i++)
        if (!spaces_now(s->spaces, (uint32_t)pids[i]))
            rc = error_set(err, -ENOMEM, "out of memory for %zu processes", count);
    if (rc)
        sideband_close(s);
    else
        *out = s;
    return rc;
}

const int *sideband_fds(const struct sideband *s, unsigned *count)
{
    *count = s->cpus;
    return s->fds;
}

static void event_add(struct sideband *s, struct event e)
{
    struct event *events = array_grow(s->events, s->event_count, &s->event_capacity, sizeof(*events));
    if (!events) {
        s->lost++;
        return;
    }
    s->events = events;
    e.sequence = s->event_count;
    s->events[s->event_count++] = e;
}

/* Layouts: include/uapi/linux/perf_event.h, PERF_RECORD_*.  Every record ends with the sample_id that
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

/* Records of all processes come when some were chosen: strangers' files are not opened. */
static bool is_ours(const struct sideband *s, uint32_t pid)
{
    return !s->chosen || spaces_at(s->spaces, pid, UINT64_MAX);
}

static void mmap2_take(struct sideband *s, const struct record_mmap2 *r)
{
    size_t room = r->header.size - sizeof(*r);
    if (!memchr(r->filename, 0, room))
        return;
    bool vdso = !strcmp(r->filename, "[vdso]");
    if ((!vdso && r->filename[0] != '/') || !strncmp(r->filename, "//anon", 6))
        return; /* anonymous code */
    const char *path = spaces_path(s->spaces, r->filename);
    if (!path) {
        s->lost++;
        return;
    }
    struct mapping m = {.start = r->addr,
                        .length = r->len,
                        .file_offset = r->pgoff,
                        .inode = r->ino,
                        .major = r->maj,
                        .minor = r->min,
                        .since_ns = record_time(&r->header),
                        .path = path};
    m.file = vdso ? NULL : mapped_files_keep(s->files, is_ours(s, r->pid) ? (pid_t)r->pid : 0, &m);
    event_add(s, (struct event){.time_ns = m.since_ns, .kind = EVENT_MMAP, .pid = r->pid, .mapping = m});
}

static void record_take(struct sideband *s, const struct perf_event_header *h)
{
    switch (h->type) {
    case PERF_RECORD_FORK: {
        const struct record_fork *r = (const void *)h;
        if (r->pid != r->ppid)
            event_add(
                s, (struct event){.time_ns = r->time, .kind = EVENT_FORK, .pid = r->pid, .parent = r->ppid});
        break;
    }
    case PERF_RECORD_COMM: {
        const struct record_comm *r = (const void *)h;
        if (h->misc & PERF_RECORD_MISC_COMM_EXEC)
            event_add(s, (struct event){.time_ns = record_time(h), .kind = EVENT_EXEC, .pid = r->pid});
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

/* A record may wrap around the ring's end: it is put together in `whole`, 8-byte aligned as the kernel's are.
 */
static void ring_read(struct sideband *s, struct perf_event_mmap_page *page)
{
    static const size_t max_record = 1 << 16;
    const char *data = (const char *)page + sysconf(_SC_PAGESIZE);
    uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE), tail = page->data_tail;
    uint64_t *whole = malloc(max_record);
    while (whole && tail < head) {
        size_t at = tail % s->ring_bytes;
        const struct perf_event_header *h = (const void *)(data + at);
        size_t size = h->size; /* 8-byte aligned, so the header itself never wraps */
        if (size < sizeof(*h) || size > max_record)
            break;
        size_t before_end = s->ring_bytes - at < size ? s->ring_bytes - at : size;
        memcpy(whole, data + at, before_end);
        memcpy((char *)whole + before_end, data, size - before_end);
        record_take(s, (const void *)whole);
        tail += size;
    }
    free(whole);
    __atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
}

static int event_compare(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return x->sequence < y->sequence ? -1 : 1;
}

static int event_replay(struct sideband *s, const struct event *e)
{
    uint32_t whose = e->kind == EVENT_FORK ? e->parent : e->pid;
    if (s->chosen && !spaces_at(s->spaces, whose, UINT64_MAX) &&
        !(e->kind == EVENT_FORK && spaces_at(s->spaces, e->pid, UINT64_MAX))) /* its number comes again */
        return 0;
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

/* Those up to the time go into the history; the rest stays. */
static int events_replay(struct sideband *s, uint64_t until_ns)
{
    size_t done = 0;
    int rc = 0;
    if (s->event_count)
        qsort(s->events, s->event_count, sizeof(*s->events), event_compare);
    for (; done < s->event_count && s->events[done].time_ns <= until_ns && !rc; done++)
        rc = event_replay(s, &s->events[done]);
    s->event_count -= done;
    for (size_t i = 0; done && i < s->event_count; i++) {
        s->events[i] = s->events[done + i];
        s->events[i].sequence = i;
    }
    return rc;
}

void sideband_read(struct sideband *s)
{
    for (unsigned i = 0; i < s->cpus; i++)
        ring_read(s, s->rings[i]);
    if (s->event_count >= MANY_EVENTS && events_replay(s, monotonic_ns() - LATE_NS))
        s->lost++;
}

int sideband_finish(struct sideband *s)
{
    for (unsigned i = 0; i < s->cpus; i++)
        ioctl(s->fds[i], PERF_EVENT_IOC_DISABLE, 0);
    sideband_read(s);
    return events_replay(s, UINT64_MAX);
}

int sideband_update(struct sideband *s)
{
    sideband_read(s);
    uint64_t surely = monotonic_ns() - LATE_NS;
    /* nothing that is older than the records can come any more */
    return events_replay(s, surely > s->opened_ns ? surely : s->opened_ns);
}

/* Whether records tell, or will tell, how the process came by its mappings. */
static bool process_is_known(const struct sideband *s, uint32_t pid)
{
    for (size_t i = 0; i < s->event_count; i++)
        if (s->events[i].pid == pid && s->events[i].kind != EVENT_MMAP)
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

/* As if they had been made when the records began: a child that is forked from here on has them too. */
int sideband_present(struct sideband *s, uint32_t pid)
{
    struct present p = {.sideband = s, .pid = pid};
    int rc = maps_read(pid, present_take, &p);
    sideband_read(s); /* an exec or a fork until now: then it is not known whose mappings these were */
    if (!rc && p.failed)
        rc = -ENOMEM;
    bool known = process_is_known(s, pid);
    for (size_t i = 0; i < p.count && !rc && !known; i++)
        event_add(s, (struct event){
                         .time_ns = s->opened_ns, .kind = EVENT_MMAP, .pid = pid, .mapping = p.mappings[i]});
    free(p.mappings);
    if (rc && !known)
        s->unread += rc != -ENOENT && rc != -ESRCH; /* else it has ended */
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
    for (unsigned i = 0; i < s->cpus; i++) {
        munmap(s->rings[i], s->ring_bytes + (size_t)sysconf(_SC_PAGESIZE));
        close(s->fds[i]);
    }
    free(s->fds);
    free(s->rings);
    free(s->events);
    spaces_free(s->spaces);
    mapped_files_free(s->files);
    free(s);
}
