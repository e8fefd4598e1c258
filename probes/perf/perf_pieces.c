/* See perf_pieces.h. */
#include "probes/perf/perf_pieces.h"

#include "probes/perf/perf_script.h"
#include "probes/perf/perf_source.h"
#include "probes/perf/perf_stamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Returns the time of the first record of the piece that has one, for pieces that don't tell it themselves;
 * 0: none has. */
static uint64_t first_time(const struct perf_input *in, struct error *err)
{
    const struct perf_reading how = {.timeless = false};
    struct perf_source *source = NULL;
    char buffer[4096];
    size_t length = 0;
    ssize_t n = 0;
    uint64_t first = 0;
    if (perf_source_open(in, &how, &source, err))
        return 0;
    while (!first && (n = perf_source_read(source, buffer + length, sizeof(buffer) - 1 - length)) > 0) {
        length += (size_t)n;
        buffer[length] = '\0';
        char *line = buffer;
        for (char *end; !first && (end = strchr(line, '\n')); line = end + 1)
            first = perf_stamp_time(line);
        length -= (size_t)(line - buffer);
        memmove(buffer, line, length);
        if (length == sizeof(buffer) - 1)
            length = 0; /* a long line: not a record's first, or it will not be missed */
    }
    perf_source_free(source);
    return first;
}

/* Returns in what the two differ, static; NULL: they may be of one session. */
static const char *difference(const struct perf_session *a, const struct perf_session *b)
{
    return strcmp(a->hostname, b->hostname) != 0 || strcmp(a->kernel, b->kernel) != 0 ? "machines"
           : strcmp(a->command, b->command) != 0                                      ? "commands"
           : strcmp(a->events, b->events) != 0 || a->timeless != b->timeless          ? "events"
                                                                                      : NULL;
}

static void build_ids_join(struct perf_session *all, struct perf_session *s)
{
    const size_t count = all->build_id_count + s->build_id_count;
    struct perf_build_id *ids =
        s->build_id_count ? reallocarray(all->build_ids, count, sizeof(*ids)) : all->build_ids;
    if (s->build_id_count && !ids)
        return; /* without them fewer files are trusted */
    all->build_ids = ids;
    for (size_t i = 0; i < s->build_id_count && all->build_id_count < MAX_BUILD_IDS; i++) {
        if (perf_session_build_id(all, s->build_ids[i].path))
            continue;
        all->build_ids[all->build_id_count++] = s->build_ids[i];
        s->build_ids[i].path = NULL;
    }
}

/* Adds what a further piece says to what those before say. */
static void session_join(struct perf_session *all, struct perf_session *s)
{
    build_ids_join(all, s);
    all->bytes += s->bytes;
    all->unfinished |= s->unfinished;
    if (s->first_ns && (!all->first_ns || s->first_ns < all->first_ns))
        all->first_ns = s->first_ns;
    if (s->last_ns > all->last_ns)
        all->last_ns = s->last_ns;
    if (s->recorded_at < all->recorded_at) { /* the earliest: later files are the doubtful ones */
        all->recorded_at = s->recorded_at;
        memcpy(all->started_at, s->started_at, sizeof(all->started_at));
    }
    perf_session_free(s);
}

static int piece_add(struct perf_pieces *p, const char *name, struct error *err)
{
    struct perf_piece *piece = &p->list[p->count];
    struct perf_session session;
    int rc = perf_input_open(name, &piece->input, err);
    if (rc)
        return rc;
    rc = perf_session_read(&piece->input, &session, err);
    if (rc) {
        perf_input_close(&piece->input);
        return rc;
    }
    piece->first_ns = session.first_ns;
    piece->cut = session.head.cut;
    const char *unlike = p->count ? difference(&p->session, &session) : NULL;
    if (unlike) {
        rc = error_set(err, -EINVAL,
                       "%s and %s are not of one session: their %s differ; import them one by one, into "
                       "recordings of their own (-o)",
                       p->list[0].input.name, piece->input.name, unlike);
        perf_session_free(&session);
    } else if (p->count) {
        session_join(&p->session, &session);
    } else {
        p->session = session;
    }
    p->count++;
    return rc;
}

/* perf's head tells the first time only if perf looked through the session at its end. */
static void times_find(struct perf_pieces *p)
{
    struct error ignored = {""}; /* the reading itself will tell */
    for (size_t i = 0; p->count > 1 && i < p->count; i++)
        if (!p->list[i].first_ns && !p->session.timeless)
            p->list[i].first_ns = first_time(&p->list[i].input, &ignored);
}

static int piece_compare(const void *a, const void *b)
{
    const struct perf_piece *x = a, *y = b;
    return x->first_ns < y->first_ns ? -1 : x->first_ns > y->first_ns;
}

int perf_pieces_open(const char *const *names, size_t count, struct perf_pieces *out, struct error *err)
{
    *out = (struct perf_pieces){.list = calloc(count, sizeof(*out->list))};
    int rc = out->list ? 0 : error_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count && !rc; i++)
        rc = piece_add(out, names[i], err);
    if (rc) {
        perf_pieces_close(out);
        return rc;
    }
    times_find(out);
    qsort(out->list, out->count, sizeof(*out->list), piece_compare);
    out->session.head.cut = out->list[count - 1].cut;
    return 0;
}

void perf_pieces_close(struct perf_pieces *p)
{
    for (size_t i = 0; i < p->count; i++)
        perf_input_close(&p->list[i].input);
    free(p->list);
    perf_session_free(&p->session);
    *p = (struct perf_pieces){.list = NULL};
}
