/* See perf_rings.h.  The layout and the protocol of a buffer: perf_event_open(2), "MMAP layout". */
#include "probes/mappings/perf_rings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The size of one buffer, which is also perf's own.  Beside 2,000 starts of programs a second on two CPUs
 * nothing was lost. */
enum { RING_BYTES = 512 << 10, RECORD_MOST = 1 << 16 };

struct perf_rings {
    unsigned cpus;
    int *fds;
    void **rings;      /* each: a page of control, then the data */
    size_t ring_bytes; /* of one's data */
};

static int ring_open(struct perf_rings *r, int cpu)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof(attr),
        .config = PERF_COUNT_SW_DUMMY,
        .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
        .sample_id_all = 1,
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
        .wakeup_watermark = (uint32_t)(r->ring_bytes / 2),
    };
    int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return -errno;
    void *ring =
        mmap(NULL, r->ring_bytes + (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ring == MAP_FAILED) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    r->fds[r->cpus] = fd;
    r->rings[r->cpus++] = ring;
    return 0;
}

int perf_rings_open(struct perf_rings **out)
{
    struct perf_rings *r = calloc(1, sizeof(*r));
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    int rc = -ENOMEM;
    if (!r || !(r->fds = calloc((size_t)cpus, sizeof(int))) ||
        !(r->rings = calloc((size_t)cpus, sizeof(void *))))
        goto out;
    r->ring_bytes = RING_BYTES;
    for (int cpu = 0; cpu < cpus; cpu++) {
        rc = ring_open(r, cpu);
        if (rc == -ENODEV) /* this CPU is offline */
            continue;
        if (rc)
            goto out;
    }
    rc = r->cpus ? 0 : -ENODEV;
out:
    if (rc) {
        perf_rings_close(r);
        return rc;
    }
    *out = r;
    return 0;
}

const int *perf_rings_fds(const struct perf_rings *r, unsigned *count)
{
    *count = r->cpus;
    return r->fds;
}

/* Hands over the records of one buffer.  A record may wrap around the buffer's end: it is put together in
 * `whole`, 8-byte aligned as the kernel's are. */
static void ring_read(const struct perf_rings *r, struct perf_event_mmap_page *page, uint64_t *whole,
                      perf_record_take *take, void *context)
{
    const char *data = (const char *)page + sysconf(_SC_PAGESIZE);
    uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE), tail = page->data_tail;
    while (tail < head) {
        size_t at = tail % r->ring_bytes;
        const struct perf_event_header *h = (const void *)(data + at);
        size_t size = h->size; /* 8-byte aligned, so the header itself never wraps */
        if (size < sizeof(*h) || size > RECORD_MOST)
            break;
        size_t before_end = r->ring_bytes - at < size ? r->ring_bytes - at : size;
        memcpy(whole, data + at, before_end);
        memcpy((char *)whole + before_end, data, size - before_end);
        take(context, (const void *)whole);
        tail += size;
    }
    __atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
}

void perf_rings_read(struct perf_rings *r, perf_record_take *take, void *context)
{
    uint64_t *whole = malloc(RECORD_MOST);
    for (unsigned i = 0; i < r->cpus && whole; i++)
        ring_read(r, r->rings[i], whole, take, context);
    free(whole); /* if there is no memory the records stay there, and the kernel counts what finds no room */
}

void perf_rings_stop(struct perf_rings *r)
{
    for (unsigned i = 0; i < r->cpus; i++)
        ioctl(r->fds[i], PERF_EVENT_IOC_DISABLE, 0);
}

void perf_rings_close(struct perf_rings *r)
{
    if (!r)
        return;
    for (unsigned i = 0; i < r->cpus; i++) {
        munmap(r->rings[i], r->ring_bytes + (size_t)sysconf(_SC_PAGESIZE));
        close(r->fds[i]);
    }
    free(r->fds);
    free(r->rings);
    free(r);
}
