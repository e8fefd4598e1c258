/* See perf_merge.h.  Of each piece that has begun there is one record in memory, with the lines of its call
 * path.  A piece is opened when its time has nearly come, so that of hundreds few are open at once. */
#include "probes/perf/perf_merge.h"

#include "probes/perf/perf_source.h"
#include "probes/perf/perf_stamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 16, MAX_RECORD = 1 << 20, STOP_EVERY = 1024 };

/* How much earlier than its first sample a piece is opened: it may begin with records of another kind. */
#define EARLY_NS 100000000u

struct piece_text {
    struct perf_source *source; /* NULL: not open yet, or at its end */
    char *buffer;               /* MAX_RECORD + CHUNK bytes; what was read and not yet fed */
    size_t begin, end, record;  /* the record is buffer[begin, record) */
    uint64_t time_ns;           /* of the record */
    bool cut;                   /* the piece ends before perf did */
    bool opened, over;          /* over: nothing more is to be read */
};

static int text_open(struct piece_text *t, const struct perf_piece *piece, const struct perf_reading *how,
                     struct error *err)
{
    t->opened = true;
    t->cut = piece->cut;
    t->buffer = malloc(MAX_RECORD + CHUNK);
    return t->buffer ? perf_source_open(&piece->input, how, &t->source, err)
                     : error_set(err, -ENOMEM, "out of memory");
}

static void text_close(struct piece_text *t)
{
    perf_source_free(t->source);
    free(t->buffer);
    t->source = NULL;
    t->buffer = NULL;
}

/* Returns the end of the record at `begin`: where the next line begins that is neither empty nor part of a
 * call path.  0: it isn't in the buffer yet. */
static size_t record_end(const struct piece_text *t)
{
    const char *at = t->buffer + t->begin, *end = t->buffer + t->end;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        at++;
        if (at < end && *at != '\t' && *at != '\n')
            return (size_t)(at - t->buffer);
        if (at >= end)
            break;
    }
    return 0;
}

static uint64_t time_of(const char *text, size_t size)
{
    char line[128];
    const size_t length = size < sizeof(line) - 1 ? size : sizeof(line) - 1;
    memcpy(line, text, length);
    line[length] = '\0';
    return perf_stamp_time(line);
}

/* Makes the next record the piece's.  Returns 1: there is one; 0: the piece is at its end; negative errno. */
static int text_next(struct piece_text *t)
{
    t->begin = t->record;
    while (!t->over && !(t->record = record_end(t)) && t->end - t->begin < MAX_RECORD) {
        memmove(t->buffer, t->buffer + t->begin, t->end - t->begin);
        t->end -= t->begin;
        t->begin = 0;
        ssize_t n = perf_source_read(t->source, t->buffer + t->end, CHUNK);
        if (n < 0 && n != -EINTR)
            return (int)n;
        t->end += n > 0 ? (size_t)n : 0;
        t->over = n == 0;
        if (n == -EINTR)
            return -ECANCELED;
    }
    if (t->over)
        t->record = t->begin == t->end ? 0 : record_end(t);
    if (!t->record)
        t->record = t->end; /* the last one; or one that has no end: as much as fits */
    t->time_ns = time_of(t->buffer + t->begin, t->record - t->begin);
    return t->record > t->begin;
}

static int text_advance(struct piece_text *t, struct perf_reading *how, struct error *err)
{
    int rc = text_next(t);
    if (rc > 0)
        return 0;
    if (!rc)
        rc = perf_source_finish(t->source, t->cut, how, err);
    else
        error_set(err, rc, rc == -ECANCELED ? "interrupted" : "can't read what perf prints: %s",
                  strerror(-rc));
    text_close(t);
    return rc;
}

/* Returns the open piece whose record is the earliest; NULL: none is open. */
static struct piece_text *earliest(struct piece_text *texts, size_t count)
{
    struct piece_text *found = NULL;
    for (size_t i = 0; i < count; i++)
        if (texts[i].source && (!found || texts[i].time_ns < found->time_ns))
            found = &texts[i];
    return found;
}

/* Opens the pieces whose time has come; if none is open, the next. */
static int texts_open(struct piece_text *texts, const struct perf_pieces *p, struct perf_reading *how,
                      size_t *next, struct error *err)
{
    int rc = 0;
    while (!rc && *next < p->count) {
        const struct piece_text *now = earliest(texts, *next);
        if (now && p->list[*next].first_ns > now->time_ns + EARLY_NS)
            break;
        struct piece_text *t = &texts[(*next)++];
        rc = text_open(t, &p->list[*next - 1], how, err);
        if (!rc)
            rc = text_advance(t, how, err);
    }
    return rc;
}

int perf_merge_read(const struct perf_pieces *pieces, struct perf_script *script, struct perf_reading *how,
                    bool (*stop)(void *context), void *context, struct error *err)
{
    struct piece_text *texts = calloc(pieces->count, sizeof(*texts)), *t;
    int rc = texts ? 0 : error_set(err, -ENOMEM, "out of memory");
    size_t next = 0;
    for (uint64_t fed = 0; !rc && !(rc = texts_open(texts, pieces, how, &next, err)); fed++) {
        if (!(t = earliest(texts, next)))
            break;
        perf_script_feed(script, t->buffer + t->begin, t->record - t->begin);
        rc = fed % STOP_EVERY == 0 && stop(context) ? error_set(err, -ECANCELED, "interrupted")
                                                    : text_advance(t, how, err);
    }
    perf_script_end(script);
    for (size_t i = 0; texts && i < pieces->count; i++)
        text_close(&texts[i]);
    free(texts);
    return rc;
}
