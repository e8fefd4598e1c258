/* See perf_session.h.  The file's head: struct perf_file_header of tools/perf/util/header.h, described in
 * tools/perf/Documentation/perf.data-file-format.txt. */
#include "probes/perf/perf_session.h"

#include "probes/perf/perf_child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_LINE = 1 << 16 };

/* The head: "PERFILE2", and where attributes, data and event types are.  A session that went through a pipe
 * has only the magic and its own size, 16. */
struct file_head {
    char magic[8];
    uint64_t size, attr_size;
    struct {
        uint64_t offset, size;
    } attrs, data, event_types;
};

static int head_check(const char *path, const struct file_head *h, ssize_t n, struct perf_session *s,
                      struct error *err)
{
    if (n >= 8 && !memcmp(h->magic, "2ELIFREP", 8))
        return error_set(err, -EINVAL,
                         "'%s' was recorded on a machine of the other byte order; import it on one like that",
                         path);
    if (n < 16 || memcmp(h->magic, "PERFILE2", 8) != 0)
        return error_set(err, -EINVAL, "'%s' is not a perf.data file%s", path,
                         s->bytes ? "; `perf record -o FILE` makes one" : ": it is empty");
    s->piped = h->size == 16;
    if (s->piped)
        return 0;
    if (n < (ssize_t)sizeof(*h) || h->data.offset > s->bytes || h->data.size > s->bytes - h->data.offset)
        return error_set(err, -EINVAL,
                         "'%s' is cut off: it has %" PRIu64 " bytes, and its head tells of more; copy it or "
                         "record it again",
                         path, s->bytes);
    s->unfinished = h->data.size == 0;
    return 0;
}

static int file_check(const char *path, struct perf_session *s, struct error *err)
{
    struct file_head h = {0};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(err, -errno, "can't read '%s': %s%s", path, strerror(errno),
                         errno == EACCES ? "; perf record makes files for their owner alone: chmod, or sudo"
                                         : "");
    ssize_t n = -1;
    int rc = 0;
    if (fstat(fd, &st) || (S_ISREG(st.st_mode) && (n = read(fd, &h, sizeof(h))) < 0))
        rc = error_set(err, -errno, "can't read '%s': %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        rc = error_set(err, -EINVAL, "'%s' is no plain file; save the session to one first", path);
    close(fd);
    if (rc)
        return rc;
    s->bytes = (uint64_t)st.st_size;
    s->recorded_at = (int64_t)st.st_mtime;
    return head_check(path, &h, n, s, err);
}

static void text_copy(char *to, size_t size, const char *text)
{
    size_t length = strlen(text);
    while (length && text[length - 1] == ' ')
        length--;
    snprintf(to, size, "%.*s", (int)(length < size ? length : size - 1), text);
}

static uint64_t seconds_parse(const char *text)
{
    char *end;
    uint64_t s = strtoull(text, &end, 10), fraction = 0, unit = 1000000000;
    if (*end == '.')
        for (end++; *end >= '0' && *end <= '9' && unit > 1; end++) {
            fraction = fraction * 10 + (uint64_t)(*end - '0');
            unit /= 10;
        }
    return s > UINT64_MAX / 2000000000 ? 0 : s * 1000000000 + fraction * unit;
}

static void date_set(struct perf_session *s, int64_t seconds)
{
    time_t t = (time_t)seconds;
    s->recorded_at = seconds;
    struct tm tm;
    if (gmtime_r(&t, &tm))
        strftime(s->started_at, sizeof(s->started_at), "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Takes note of an event: "name = sched:sched_switch, , id = { 1, 2 }, type = 2, ..., sample_type =
 * IP|TID|TIME|CALLCHAIN, ...". */
static void event_take(struct perf_session *s, const char *text)
{
    const char *end = strchr(text, ','), *id = strstr(text, ", id = {");
    /* a name may hold commas ("cpu-clock/freq=99,call-graph=fp/"): it ends before what follows */
    for (const char *at = end; at && id && at < id; at = strstr(at + 1, ", "))
        end = at;
    size_t length = end ? (size_t)(end - text) : strlen(text), used = strlen(s->events);
    while (length && (text[length - 1] == ' ' || text[length - 1] == ','))
        length--;
    if (used + length + 3 < sizeof(s->events))
        snprintf(s->events + used, sizeof(s->events) - used, "%s%.*s", used ? ", " : "", (int)length, text);
    s->futex_calls |= !strncmp(text, "syscalls:sys_exit_futex", 23) && (text[23] == ',' || text[23] == ':');
    s->raw_calls |= !strncmp(text, "raw_syscalls:sys_exit", 21);
    s->switches |= !strncmp(text, "sched:sched_switch", 18) || strstr(text, "context_switch = 1");
    s->wakeups |= !strncmp(text, "sched:sched_wakeup,", 19) || !strncmp(text, "sched:sched_waking", 18);
    s->samples |= strstr(text, "type = 2,") == NULL;
    s->call_paths |= strstr(text, "CALLCHAIN") != NULL;
    s->dwarf |= strstr(text, "STACK_USER") != NULL;
}

static void command_take(struct perf_session *s, const char *text)
{
    const char *command = strstr(text, " -- ");
    s->ran_command = command != NULL;
    text_copy(s->command, sizeof(s->command), command ? command + 4 : text);
}

void perf_session_line(struct perf_session *s, const char *line)
{
    static const struct {
        const char *key;
        size_t offset, size;
    } texts[] = {
#define FIELD(name) offsetof(struct perf_session, name), sizeof(((struct perf_session *)0)->name)
        {"hostname", FIELD(hostname)}, {"os release", FIELD(kernel)},         {"arch", FIELD(machine)},
        {"cpudesc", FIELD(cpu_model)}, {"perf version", FIELD(perf_version)},
#undef FIELD
    };
    if (strncmp(line, "# ", 2) != 0)
        return;
    line += 2;
    const char *colon = strstr(line, ": ");
    if (!colon)
        return;
    size_t length = (size_t)(colon - line);
    while (length && line[length - 1] == ' ')
        length--;
    const char *value = colon + 2;
#define IS(name) (length == sizeof(name) - 1 && !memcmp(line, name, length))
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (length == strlen(texts[i].key) && !memcmp(line, texts[i].key, length))
            text_copy((char *)s + texts[i].offset, texts[i].size, value);
    if (IS("cmdline"))
        command_take(s, value);
    else if (IS("event") && !strncmp(value, "name = ", 7))
        event_take(s, value + 7);
    else if (IS("nrcpus online"))
        s->cores = strtol(value, NULL, 10);
    else if (IS("total memory"))
        s->mem_bytes = strtoull(value, NULL, 10) * 1024;
    else if (IS("time of first sample"))
        s->first_ns = seconds_parse(value);
    else if (IS("time of last sample"))
        s->last_ns = seconds_parse(value);
    else if (IS("reference time") && strstr(value, " = "))
        date_set(s, strtoll(strstr(value, " = ") + 3, NULL, 10));
#undef IS
}

static void build_id_take(struct perf_session *s, const char *line)
{
    size_t length = strspn(line, "0123456789abcdef");
    if (length < 8 || length > 40 || line[length] != ' ' || s->build_id_count == MAX_BUILD_IDS)
        return;
    const char *path = line + length + strspn(line + length, " ");
    struct perf_build_id *ids = reallocarray(s->build_ids, s->build_id_count + 1, sizeof(*ids)), *id;
    if (!ids)
        return;
    s->build_ids = ids;
    id = &ids[s->build_id_count];
    memcpy(id->hex, line, length);
    id->hex[length] = '\0';
    if ((id->path = strdup(path)))
        s->build_id_count++;
}

const char *perf_session_build_id(const struct perf_session *s, const char *path)
{
    for (size_t i = 0; i < s->build_id_count; i++)
        if (!strcmp(s->build_ids[i].path, path))
            return s->build_ids[i].hex;
    return NULL;
}

typedef void (*line_fn)(struct perf_session *s, const char *line);

/* Hands whole lines to `take`; `comments`: only up to the first that is no comment.  Returns 0: to the end;
 * 1: `take` needs no more; or negative errno. */
static int lines_split(struct perf_child *child, bool comments, struct perf_session *s, line_fn take)
{
    char *line = malloc(MAX_LINE), buffer[4096];
    size_t length = 0;
    ssize_t n = 0;
    bool more = line != NULL;
    while (more && ((n = perf_child_read(child, buffer, sizeof(buffer))) > 0 || n == -EINTR))
        for (ssize_t i = 0; i < n && more; i++) {
            if (buffer[i] != '\n') {
                if (length < MAX_LINE - 1)
                    line[length++] = buffer[i];
                continue;
            }
            line[length] = '\0';
            more = !comments || line[0] == '#' || !line[0];
            if (more)
                take(s, line);
            length = 0;
        }
    free(line);
    return !line ? -ENOMEM : n < 0 ? (int)n : !more;
}

static int lines_read(const char *const *argv, const char *path, bool comments, struct perf_session *s,
                      line_fn take, struct error *err)
{
    struct perf_child *child = NULL;
    char what[512];
    int rc = perf_child_start(argv, &child, err);
    snprintf(what, sizeof(what), "read '%s'", path);
    if (!rc)
        rc = lines_split(child, comments, s, take);
    if (!rc)
        rc = perf_child_finish(child, what, err);
    perf_child_free(child);
    return rc < 0 ? error_set(err, rc, "can't read '%s': %s", path, strerror(-rc)) : 0;
}

int perf_session_read(const char *path, struct perf_session *s, struct error *err)
{
    const char *const head[] = {"perf", "script", "-f", "--header-only", "-i", path, NULL};
    const char *const piped[] = {"perf", "script", "-f", "--header", "-F", "pid,tid,time", "-i", path, NULL};
    const char *const ids[] = {"perf", "buildid-list", "-f", "-i", path, NULL};
    struct error ignored = {""};
    *s = (struct perf_session){0};
    int rc = file_check(path, s, err);
    if (!rc)
        rc = lines_read(s->piped ? piped : head, path, s->piped, s, perf_session_line,
                        s->unfinished ? &ignored : err);
    if (rc && s->unfinished)
        error_set(
            err, -EINVAL,
            "'%s' is unfinished: perf record was killed before it could write its end; record again, and end "
            "perf by Ctrl-C",
            path);
    if (!rc)
        lines_read(ids, path, false, s, build_id_take, &ignored); /* without them fewer files are trusted */
    if (rc)
        perf_session_free(s);
    else if (!s->started_at[0])
        date_set(s, s->recorded_at);
    return rc;
}

void perf_session_free(struct perf_session *s)
{
    for (size_t i = 0; i < s->build_id_count; i++)
        free(s->build_ids[i].path);
    free(s->build_ids);
    s->build_ids = NULL;
    s->build_id_count = 0;
}
