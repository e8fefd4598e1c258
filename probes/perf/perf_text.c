/* See perf_text.h. */
#include "probes/perf/perf_text.h"

#include "probes/perf/perf_script.h"
#include "probes/perf/perf_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHUNK = 1 << 16, MAX_EVENTS = 64, MAX_NAME = 128 };

struct look {
    struct perf_session *session;
    char names[MAX_EVENTS][MAX_NAME]; /* of the events that were seen */
    size_t name_count;
    uint64_t records;
    int64_t captured_at;        /* 0: not told */
    bool paths, switches, told; /* told: comments told the events */
};

/* "# captured on    : Sun Nov 29 13:45:28 2026": when perf.data was made, in the local time of whoever
 * printed the text. */
static void captured_take(struct look *l, const char *line)
{
    struct tm tm = {.tm_isdst = -1};
    const char *colon = strncmp(line, "# captured on", 13) != 0 ? NULL : strchr(line, ':');
    if (colon && strptime(colon + 1, " %a %b %d %H:%M:%S %Y", &tm))
        l->captured_at = mktime(&tm);
}

static void comment_take(void *context, const char *line)
{
    struct look *l = context;
    captured_take(l, line);
    perf_session_line(l->session, line);
    l->told |= !strncmp(line, "# event : name = ", 17);
}

static void name_take(struct look *l, const char *name)
{
    for (size_t i = 0; i < l->name_count; i++)
        if (!strcmp(l->names[i], name))
            return;
    if (l->name_count < MAX_EVENTS && strlen(name) < MAX_NAME)
        snprintf(l->names[l->name_count++], MAX_NAME, "%s", name);
}

static void record_take(void *context, const struct perf_record *r)
{
    struct look *l = context;
    l->records++;
    l->switches |= r->kind == PERF_SWITCH_IN || r->kind == PERF_SWITCH_OUT;
    if (r->kind != PERF_SAMPLE)
        return;
    name_take(l, r->event);
    l->paths |= r->has_path;
    if (r->time_ns > l->session->last_ns)
        l->session->last_ns = r->time_ns;
    if (!l->session->first_ns || r->time_ns < l->session->first_ns)
        l->session->first_ns = r->time_ns;
}

static bool is_tracepoint(const char *name)
{
    return strstr(name, ":sys_") || !strncmp(name, "sched:", 6);
}

/* Tells the session of the events that were seen, as comments would have. */
static void events_tell(struct look *l)
{
    for (size_t i = 0; i < l->name_count; i++) {
        const char *name = l->names[i];
        char line[MAX_NAME + 128];
        snprintf(line, sizeof(line),
                 "# event : name = %s, , id = { 0 }, type = %d, sample_type = IP|TID|TIME%s", name,
                 is_tracepoint(name) ? 2 : 1, is_tracepoint(name) ? "|RAW" : "");
        perf_session_line(l->session, line);
    }
    l->session->switches |= l->switches;
    l->session->call_paths |= l->paths;
    l->session->inherits = false; /* not told */
}

static int file_read(const struct perf_input *in, struct perf_script *script, struct error *err)
{
    const struct perf_reading how = {.timeless = false};
    struct perf_source *source = NULL;
    char *buffer = malloc(CHUNK);
    int rc = buffer ? perf_source_open(in, &how, &source, err) : error_set(err, -ENOMEM, "out of memory");
    ssize_t n = 0;
    while (!rc && (n = perf_source_read(source, buffer, CHUNK)) > 0)
        perf_script_feed(script, buffer, (size_t)n);
    if (n < 0)
        rc = error_set(err, n == -EINTR ? -ECANCELED : (int)n, "can't read %s: %s", in->name,
                       strerror((int)-n));
    perf_script_end(script);
    perf_source_free(source);
    free(buffer);
    return rc;
}

int perf_text_read(const struct perf_input *in, struct perf_session *s, struct error *err)
{
    struct look *l = calloc(1, sizeof(*l));
    struct perf_script *script = l ? perf_script_new(record_take, l) : NULL;
    int rc = script ? 0 : error_set(err, -ENOMEM, "out of memory");
    if (!rc) {
        l->session = s;
        perf_script_set_comment(script, comment_take, l);
        rc = file_read(in, script, err);
    }
    /* calls by number can't be read without knowing the machine, which the comments tell */
    const bool numbers = !rc && !l->told && strstr(l->names[0], "raw_syscalls:") && !s->machine[0];
    if (!rc && (numbers || !l->records || perf_script_strange(script) > l->records))
        rc = error_set(err, -EINVAL,
                       "%s is not a perf.data file, nor text of perf script with the fields that an import "
                       "needs: " PERF_SCRIPT_COMMAND,
                       in->name);
    if (!rc && !l->told)
        events_tell(l);
    if (!rc && l->captured_at && l->captured_at < s->recorded_at)
        s->recorded_at = l->captured_at; /* files may have changed between the session and its printing */
    perf_script_free(script);
    free(l);
    return rc;
}
