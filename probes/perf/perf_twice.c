/* See perf_twice.h.  In order of time copies come one after the other, but for records that another CPU made
 * in the same nanosecond. */
#include "probes/perf/perf_twice.h"

#include <string.h>

/* Returns FNV-1a of the bytes (Fowler, Noll, Vo; public domain). */
static uint64_t mark_of(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t mark = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        mark = (mark ^ at[i]) * 0x100000001b3u;
    return mark;
}

bool perf_twice_take(struct perf_twice *t, uint32_t tid, uint64_t time_ns, const char *text)
{
    if (!time_ns)
        return false;
    if (time_ns != t->time_ns)
        t->count = 0;
    t->time_ns = time_ns;
    const uint64_t mark = mark_of(text, strlen(text));
    size_t i = 0;
    while (i < t->count && t->last[i].tid != tid)
        i++;
    if (i < t->count && t->last[i].mark == mark) {
        t->copies++;
        return true;
    }
    if (i < TWICE_THREADS) {
        t->last[i].tid = tid;
        t->last[i].mark = mark;
        t->count += i == t->count;
    }
    return false;
}

bool perf_twice_take_bytes(struct perf_twice_bytes *t, const void *bytes, size_t size)
{
    const uint64_t mark = mark_of(bytes, size < TWICE_BYTES ? size : TWICE_BYTES);
    uint64_t *last = &t->marks[mark % TWICE_MARKS];
    const bool is_copy = mark && *last == mark;
    *last = mark;
    return is_copy;
}
