/* See perf_data.h.  One record is in memory at a time; none is larger than 64 KiB, since its size has 16
 * bits. */
#include "probes/perf/perf_data.h"

#include "probes/perf/perf_twice.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_EVENTS = 64,
    MAX_IDS = 1 << 16, /* one for each event, thread and CPU */
    MAX_RECORD = 1 << 16,
};

struct section {
    uint64_t offset, size;
};

struct file_head {
    char magic[8];
    uint64_t size, attr_size;
    struct section attrs, data, event_types;
};

struct event_id {
    uint64_t id;
    unsigned event; /* index into attrs */
};

struct reader {
    FILE *file;
    const char *path;
    struct perf_event_attr attrs[MAX_EVENTS];
    size_t attr_count;
    bool alike; /* all events' samples have the same fields, so that a sample's event needn't be known */
    struct event_id *ids;
    size_t id_count;
    struct perf_twice_bytes twice;
    perf_data_take_fn take;
    void *context;
    struct perf_data_counts *counts;
};

/* What is left to be read of a record. */
struct cursor {
    const unsigned char *at, *end;
    bool bad; /* a field was asked for behind its end */
};

static const void *bytes_take(struct cursor *c, uint64_t size)
{
    const unsigned char *at = c->at;
    if (c->bad || size > (uint64_t)(c->end - at)) {
        c->bad = true;
        return NULL;
    }
    c->at += size;
    return at;
}

static uint64_t u64_take(struct cursor *c)
{
    uint64_t value = 0;
    const void *at = bytes_take(c, sizeof(value));
    if (at)
        memcpy(&value, at, sizeof(value));
    return value;
}

static uint32_t u32_take(struct cursor *c)
{
    uint32_t value = 0;
    const void *at = bytes_take(c, sizeof(value));
    if (at)
        memcpy(&value, at, sizeof(value));
    return value;
}

static void registers_take(struct cursor *c, uint64_t mask, struct perf_data_sample *s)
{
    const uint64_t abi = u64_take(c);
    for (unsigned i = 0; i < PERF_REGISTERS && abi != PERF_SAMPLE_REGS_ABI_NONE; i++)
        if (mask >> i & 1) {
            s->registers[i] = u64_take(c);
            s->known |= abi == PERF_SAMPLE_REGS_ABI_64 ? UINT64_C(1) << i : 0;
        }
}

/* The field's layout: the size asked for, that many bytes, and how many of them were there. */
static void stack_take(struct cursor *c, struct perf_data_sample *s)
{
    const uint64_t size = u64_take(c);
    if (size == 0)
        return;
    s->stack = bytes_take(c, size);
    const uint64_t filled = u64_take(c);
    s->stack_size = filled < size ? filled : size;
}

static void sample_parse(struct cursor *c, const struct perf_event_attr *attr, struct perf_data_sample *s)
{
    const uint64_t type = attr->sample_type;
    const uint64_t skipped = type & (PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |
                                     PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD);
    if (type & PERF_SAMPLE_IDENTIFIER)
        u64_take(c);
    if (type & PERF_SAMPLE_IP)
        s->ip = u64_take(c);
    if (type & PERF_SAMPLE_TID) {
        s->pid = u32_take(c);
        s->tid = u32_take(c);
    }
    if (type & PERF_SAMPLE_TIME)
        s->time_ns = u64_take(c);
    bytes_take(c, 8 * (uint64_t)__builtin_popcountll(skipped));
    if (type & PERF_SAMPLE_CALLCHAIN) {
        s->chain_length = u64_take(c);
        s->chain = s->chain_length <= MAX_RECORD / 8 ? bytes_take(c, 8 * s->chain_length) : NULL;
        c->bad |= !s->chain;
    }
    if (type & PERF_SAMPLE_RAW)
        bytes_take(c, u32_take(c));
    if (type & PERF_SAMPLE_REGS_USER)
        registers_take(c, attr->sample_regs_user, s);
    if (type & PERF_SAMPLE_STACK_USER)
        stack_take(c, s);
}

static int id_compare(const void *a, const void *b)
{
    const uint64_t x = ((const struct event_id *)a)->id, y = ((const struct event_id *)b)->id;
    return x < y ? -1 : x > y;
}

/* Returns the attributes of the sample's event; NULL: the file tells of no such event. */
static const struct perf_event_attr *event_find(const struct reader *r, struct cursor record)
{
    if (r->alike)
        return &r->attrs[0];
    const struct event_id key = {.id = u64_take(&record)};
    const struct event_id *found =
        r->ids ? bsearch(&key, r->ids, r->id_count, sizeof(key), id_compare) : NULL;
    return found ? &r->attrs[found->event] : NULL;
}

static void sample_read(struct reader *r, struct cursor record)
{
    const struct cursor whole = record;
    struct perf_data_sample s = {0};
    const struct perf_event_attr *attr = event_find(r, record);
    if (attr)
        sample_parse(&record, attr, &s);
    if (!attr || record.bad) {
        r->counts->strange++;
        return;
    }
    if (s.time_ns && perf_twice_take_bytes(&r->twice, whole.at, (size_t)(whole.end - whole.at))) {
        r->counts->copies++;
        return;
    }
    r->counts->samples++;
    r->take(r->context, &s);
}

/* Returns the time of a record that is no sample, of which that is left which stands behind its own fields:
 * some of those that samples have (sample_id in linux/perf_event.h).  0: it has none. */
static uint64_t time_behind(const struct reader *r, struct cursor record)
{
    const size_t left = (size_t)(record.end - record.at);
    const struct cursor last = {left < 8 ? record.at : record.end - 8, record.end, record.bad};
    const struct perf_event_attr *attr = event_find(r, last); /* an identifier comes last here */
    if (!attr || !attr->sample_id_all || !(attr->sample_type & PERF_SAMPLE_TIME))
        return 0;
    if (attr->sample_type & PERF_SAMPLE_TID)
        u64_take(&record);
    return u64_take(&record);
}

/* A record of loss.  `before`: the bytes that stand before the number. */
static void lost_read(struct reader *r, struct cursor record, size_t before)
{
    const struct cursor whole = record;
    bytes_take(&record, before);
    const uint64_t lost = u64_take(&record);
    if (time_behind(r, record) && perf_twice_take_bytes(&r->twice, whole.at, (size_t)(whole.end - whole.at)))
        r->counts->copies++;
    else
        r->counts->lost += lost;
}

static void record_read(struct reader *r, uint32_t type, struct cursor record)
{
    if (type == PERF_RECORD_SAMPLE)
        sample_read(r, record);
    else if (type == PERF_RECORD_LOST)
        lost_read(r, record, sizeof(uint64_t)); /* the event's id */
    else if (type == PERF_RECORD_LOST_SAMPLES)
        lost_read(r, record, 0);
}

static int records_read(struct reader *r, const struct section *data, unsigned char *buffer)
{
    uint64_t left = data->size ? data->size : UINT64_MAX; /* perf was killed before it could say */
    struct perf_event_header header;
    while (left >= sizeof(header) && fread(&header, sizeof(header), 1, r->file) == 1) {
        const size_t size = header.size < sizeof(header) ? 0 : header.size - sizeof(header);
        if (header.size < sizeof(header) || header.size > left || fread(buffer, 1, size, r->file) != size) {
            r->counts->strange++;
            break;
        }
        left -= header.size;
        record_read(r, header.type, (struct cursor){buffer, buffer + size, false});
    }
    return ferror(r->file) ? -errno : 0;
}

static bool section_seek(struct reader *r, uint64_t offset)
{
    return offset <= INT64_MAX && fseeko(r->file, (off_t)offset, SEEK_SET) == 0;
}

/* Adds the ids of one event.  0; -E2BIG: more than MAX_IDS in all; -ENOMEM, -EINVAL. */
static int ids_read(struct reader *r, const struct section *ids, unsigned event)
{
    const uint64_t count = ids->size / sizeof(uint64_t);
    if (count > MAX_IDS || r->id_count + count > MAX_IDS)
        return -E2BIG;
    struct event_id *grown = reallocarray(r->ids, r->id_count + count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    r->ids = grown;
    if (count && !section_seek(r, ids->offset))
        return -EINVAL;
    for (uint64_t i = 0; i < count; i++) {
        struct event_id *id = &r->ids[r->id_count];
        if (fread(&id->id, sizeof(id->id), 1, r->file) != 1)
            return -EINVAL;
        id->event = event;
        r->id_count++;
    }
    return 0;
}

/* Returns false if the samples have fields, between those that are wanted, whose size the sample itself
 * doesn't tell; or if they differ by event and don't begin with the event's id. */
static bool is_readable(const struct reader *r)
{
    bool readable = true;
    for (size_t i = 0; i < r->attr_count; i++) {
        const uint64_t type = r->attrs[i].sample_type;
        readable &= !(type & (PERF_SAMPLE_READ | PERF_SAMPLE_BRANCH_STACK)) &&
                    (r->alike || (type & PERF_SAMPLE_IDENTIFIER));
    }
    return readable;
}

/* It is there for what else the file holds, and has no samples. */
static bool is_dummy(const struct perf_event_attr *attr)
{
    return attr->type == PERF_TYPE_SOFTWARE && attr->config == PERF_COUNT_SW_DUMMY;
}

static bool events_alike(const struct reader *r)
{
    for (size_t i = 1; i < r->attr_count; i++)
        if (r->attrs[i].sample_type != r->attrs[0].sample_type ||
            (r->attrs[i].sample_regs_user != r->attrs[0].sample_regs_user && !is_dummy(&r->attrs[i])))
            return false;
    return true;
}

/* Reads an entry of the table of events: its attributes, as far as the perf that wrote it knew them, and
 * where its ids stand. */
static int attr_read(struct reader *r, const struct file_head *head, unsigned event)
{
    const size_t own = (size_t)head->attr_size - sizeof(struct section);
    struct perf_event_attr *attr = &r->attrs[event];
    unsigned char bytes[1024];
    struct section ids;
    if (!section_seek(r, head->attrs.offset + event * head->attr_size) ||
        fread(bytes, 1, own, r->file) != own || fread(&ids, sizeof(ids), 1, r->file) != 1)
        return -EINVAL;
    memset(attr, 0, sizeof(*attr));
    memcpy(attr, bytes, own < sizeof(*attr) ? own : sizeof(*attr));
    return ids_read(r, &ids, event);
}

static int attrs_read(struct reader *r, const struct file_head *head)
{
    const uint64_t each = head->attr_size;
    if (each < PERF_ATTR_SIZE_VER0 + sizeof(struct section) || each > 1024 || head->attrs.size < each ||
        head->attrs.size / each > MAX_EVENTS || head->attrs.offset > INT64_MAX)
        return -EINVAL;
    r->attr_count = (size_t)(head->attrs.size / each);
    int rc = 0;
    for (unsigned i = 0; i < r->attr_count && !rc; i++)
        rc = attr_read(r, head, i);
    r->alike = events_alike(r);
    if (!rc && !is_readable(r))
        rc = -ENOTSUP;
    if (!rc && r->ids)
        qsort(r->ids, r->id_count, sizeof(*r->ids), id_compare);
    return rc;
}

static int file_read(struct reader *r, struct error *err)
{
    struct file_head head;
    if (fread(&head, sizeof(head), 1, r->file) != 1 || memcmp(head.magic, "PERFILE2", 8) != 0)
        return error_set(err, -EINVAL, "'%s' is not a perf.data of this machine's byte order", r->path);
    int rc = attrs_read(r, &head);
    if (rc == -ENOTSUP)
        return error_set(err, -EINVAL, "'%s' has samples with fields that heapwait doesn't read", r->path);
    if (!rc && !section_seek(r, head.data.offset))
        rc = -EINVAL;
    unsigned char *buffer = rc ? NULL : malloc(MAX_RECORD);
    if (!rc)
        rc = buffer ? records_read(r, &head.data, buffer) : -ENOMEM;
    free(buffer);
    return rc ? error_set(err, rc, "can't read '%s': %s", r->path,
                          rc == -EINVAL ? "it is damaged" : strerror(-rc))
              : 0;
}

int perf_data_read(const char *path, perf_data_take_fn take, void *context, struct perf_data_counts *counts,
                   struct error *err)
{
    struct reader *r = calloc(1, sizeof(*r));
    if (!r)
        return error_set(err, -ENOMEM, "out of memory");
    *counts = (struct perf_data_counts){0};
    r->path = path;
    r->take = take;
    r->context = context;
    r->counts = counts;
    r->file = fopen(path, "re");
    const int rc =
        r->file ? file_read(r, err) : error_set(err, -errno, "can't read '%s': %s", path, strerror(errno));
    if (r->file)
        fclose(r->file);
    free(r->ids);
    free(r);
    return rc;
}
