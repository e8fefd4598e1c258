/* See perf_head.h.  perf writes its records in rounds, and after each a mark.  A session in pipe format has
 * no other end: if the mark is not the last, something is missing. */
#include "probes/perf/perf_head.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* enum perf_user_event_type of tools/lib/perf/include/perf/event.h; HEADER_CMDLINE of
 * tools/perf/util/header.h. */
enum {
    RECORD_TRACING_DATA = 66, /* as many bytes as it says follow, in units of 8 */
    RECORD_FINISHED_ROUND = 68,
    RECORD_AUXTRACE = 71, /* as many bytes as it says follow */
    RECORD_FEATURE = 80,
    FEATURE_COMMAND_LINE = 11,
    FEATURES = 256,
};

enum { MAX_COMMAND_LINE = 1 << 20, MAX_RECORD = 1 << 16 };

struct section {
    uint64_t offset, size;
};

struct file_head {
    char magic[8];
    uint64_t size, attr_size;
    struct section attrs, data, event_types;
    uint64_t features[FEATURES / 64];
};

static uint32_t number_at(const unsigned char *bytes)
{
    uint32_t n;
    memcpy(&n, bytes, sizeof(n));
    return n;
}

void perf_head_free(struct perf_head *head)
{
    for (size_t i = 0; i < head->word_count; i++)
        free(head->words[i]);
    free(head->words);
    *head = (struct perf_head){.cut = head->cut};
}

/* Takes the words of a command line: how many, then each with the room that it takes, zeros behind it.
 * 0; -ENOMEM; -EINVAL: they aren't as they should be, and none is kept. */
static int words_take(struct perf_head *head, const unsigned char *bytes, size_t size)
{
    const uint32_t count = size < 4 ? 0 : number_at(bytes);
    size_t at = 4;
    perf_head_free(head);
    if (!count || count > MAX_PERF_WORDS)
        return -EINVAL;
    head->words = calloc(count, sizeof(*head->words));
    if (!head->words)
        return -ENOMEM;
    int rc = 0;
    for (uint32_t i = 0; i < count && !rc; i++) {
        const size_t left = size - at;
        const uint32_t room = left < 4 ? 0 : number_at(bytes + at);
        if (left < 4 || room > left - 4) {
            rc = -EINVAL;
            break;
        }
        char *word = strndup((const char *)bytes + at + 4, room);
        rc = word ? 0 : -ENOMEM;
        if (word)
            head->words[head->word_count++] = word;
        at += 4 + room;
    }
    if (rc)
        perf_head_free(head);
    return rc;
}

static bool section_is_there(FILE *file, uint64_t offset)
{
    return offset <= INT64_MAX && !fseeko(file, (off_t)offset, SEEK_SET);
}

/* A file's facts stand behind its data: a table of them, one for each bit that is set, in the order of bits.
 */
static int file_words_read(FILE *file, const struct file_head *h, struct perf_head *head)
{
    struct section s;
    uint64_t before = 0, table = h->data.offset + h->data.size;
    if (!(h->features[0] >> FEATURE_COMMAND_LINE & 1) || table < h->data.offset || !h->data.size)
        return 0;
    for (unsigned bit = 0; bit < FEATURE_COMMAND_LINE; bit++)
        before += h->features[0] >> bit & 1;
    if (!section_is_there(file, table + before * sizeof(s)) || fread(&s, sizeof(s), 1, file) != 1 ||
        s.size > MAX_COMMAND_LINE || !section_is_there(file, s.offset))
        return 0;
    unsigned char *bytes = malloc(s.size + 1);
    if (!bytes)
        return -ENOMEM;
    int rc = fread(bytes, 1, s.size, file) == s.size ? words_take(head, bytes, s.size) : 0;
    free(bytes);
    return rc == -ENOMEM ? rc : 0;
}

/* Returns how many bytes follow the record that its header doesn't count. */
static uint64_t bytes_behind(uint32_t type, const unsigned char *record, size_t size)
{
    uint64_t n = 0;
    if (type == RECORD_TRACING_DATA && size >= sizeof(uint32_t))
        n = ((uint64_t)number_at(record) + 7) / 8 * 8;
    else if (type == RECORD_AUXTRACE && size >= sizeof(n))
        memcpy(&n, record, sizeof(n));
    return n;
}

/* Passes over `n` bytes.  Returns false if the file has not so many. */
static bool bytes_pass(FILE *file, uint64_t n, unsigned char *buffer)
{
    for (size_t piece; n; n -= piece) {
        piece = n < MAX_RECORD ? (size_t)n : MAX_RECORD;
        if (fread(buffer, 1, piece, file) != piece)
            return false;
    }
    return true;
}

/* Returns true for records that the kernel makes while it measures.  Those that perf itself may write last of
 * all, behind the last mark, tell of files, threads and losses. */
static bool stands_in_round(uint32_t type)
{
    return type == PERF_RECORD_SAMPLE || type == PERF_RECORD_LOST || type == PERF_RECORD_EXIT ||
           type == PERF_RECORD_THROTTLE || type == PERF_RECORD_UNTHROTTLE || type == PERF_RECORD_READ ||
           type == PERF_RECORD_AUX || type == PERF_RECORD_SWITCH || type == PERF_RECORD_SWITCH_CPU_WIDE;
}

static int stream_read(FILE *file, unsigned char *buffer, struct perf_head *head)
{
    struct perf_event_header header;
    uint32_t last = RECORD_FINISHED_ROUND;
    int rc = 0;
    for (size_t n; !head->cut && !rc && (n = fread(&header, 1, sizeof(header), file));) {
        const size_t size = header.size < sizeof(header) ? 0 : header.size - sizeof(header);
        head->cut = n != sizeof(header) || header.size < sizeof(header) ||
                    fread(buffer, 1, size, file) != size ||
                    !bytes_pass(file, bytes_behind(header.type, buffer, size), buffer + MAX_RECORD);
        uint64_t feature = 0;
        if (!head->cut && header.type == RECORD_FEATURE && size >= sizeof(feature))
            memcpy(&feature, buffer, sizeof(feature));
        if (feature == FEATURE_COMMAND_LINE &&
            words_take(head, buffer + sizeof(feature), size - sizeof(feature)) == -ENOMEM)
            rc = -ENOMEM;
        last = header.type;
    }
    head->cut |= stands_in_round(last);
    return ferror(file) ? -EIO : rc;
}

static int file_read(FILE *file, struct perf_head *head)
{
    struct file_head h = {.size = 0};
    const size_t n = fread(&h, 1, sizeof(h), file);
    if (n < 16 || memcmp(h.magic, "PERFILE2", 8) != 0)
        return -EINVAL;
    if (h.size != 16)
        return n == sizeof(h) ? file_words_read(file, &h, head) : 0;
    unsigned char *buffer = malloc((size_t)2 * MAX_RECORD);
    if (!buffer)
        return -ENOMEM;
    int rc = section_is_there(file, 16) ? stream_read(file, buffer, head) : -EINVAL;
    free(buffer);
    return rc;
}

int perf_head_read(const char *path, struct perf_head *head)
{
    *head = (struct perf_head){.cut = false};
    FILE *file = fopen(path, "re");
    int rc = file ? file_read(file, head) : -errno;
    if (file)
        fclose(file);
    if (rc)
        perf_head_free(head);
    return rc;
}
