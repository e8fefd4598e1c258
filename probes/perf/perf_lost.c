/* See perf_lost.h.  Records: struct perf_event_header in linux/perf_event.h; those that perf adds: enum
 * perf_user_event_type in tools/lib/perf/include/perf/event.h.  Two of them are followed by data that their
 * size doesn't count. */
#include "probes/perf/perf_lost.h"

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { HEADER_TRACING_DATA = 66, AUXTRACE = 71 };

struct file_head {
    char magic[8];
    uint64_t size, attr_size, attrs_offset, attrs_size, data_offset, data_size;
};

/* Moves on; a file of any size may claim a record of any size. */
static bool skip(FILE *f, uint64_t size)
{
    return size <= INT64_MAX && !fseeko(f, (off_t)size, SEEK_CUR);
}

/* Reads the first number of a record's body, of `width` bytes, and what belongs to the record behind it.
 * Returns false at the file's end. */
static bool record_pass(FILE *f, const struct perf_event_header *h, uint64_t *number)
{
    const size_t body = h->size - sizeof(*h), width = h->type == HEADER_TRACING_DATA ? 4 : 8;
    *number = 0;
    if (body < width || fread(number, width, 1, f) != 1 || !skip(f, body - width))
        return false;
    if (h->type == HEADER_TRACING_DATA)
        return skip(f, (*number + 7) & ~(uint64_t)7);
    return h->type != AUXTRACE || skip(f, *number);
}

static uint64_t records_walk(FILE *f, uint64_t end)
{
    struct perf_event_header h;
    uint64_t lost = 0, number;
    for (off_t at; (at = ftello(f)) >= 0 && (uint64_t)at < end && fread(&h, sizeof(h), 1, f) == 1;) {
        if (h.size < sizeof(h))
            break;
        if (h.type != PERF_RECORD_LOST_SAMPLES && h.type != HEADER_TRACING_DATA && h.type != AUXTRACE) {
            if (!skip(f, h.size - sizeof(h)))
                break;
            continue;
        }
        if (!record_pass(f, &h, &number))
            break;
        lost += h.type == PERF_RECORD_LOST_SAMPLES ? number : 0;
    }
    return lost;
}

uint64_t perf_lost_count(const char *path)
{
    struct file_head head = {.size = 0};
    uint64_t lost = 0;
    FILE *f = fopen(path, "re");
    if (f && fread(&head, 16, 1, f) == 1 && !memcmp(head.magic, "PERFILE2", 8)) {
        if (head.size == 16) /* it went through a pipe: nothing but records */
            lost = records_walk(f, UINT64_MAX);
        else if (fread(&head.attr_size, sizeof(head) - 16, 1, f) == 1 && head.data_offset <= INT64_MAX &&
                 !fseeko(f, (off_t)head.data_offset, SEEK_SET))
            lost = records_walk(f, head.data_offset + (head.data_size ? head.data_size : INT64_MAX));
    }
    if (f)
        fclose(f);
    return lost;
}
