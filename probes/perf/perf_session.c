/* See perf_session.h.  The file's head: struct perf_file_header of tools/perf/util/header.h, described in
 * tools/perf/Documentation/perf.data-file-format.txt. */
#include "probes/perf/perf_session.h"

#include "probes/perf/perf_child.h"
#include "probes/perf/perf_script.h"
#include "probes/perf/perf_text.h"

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

static int head_check(const struct perf_input *in, const struct file_head *h, ssize_t n,
                      struct perf_session *s, struct error *err)
{
    if (n >= 8 && !memcmp(h->magic, "2ELIFREP", 8))
        return error_set(err, -EINVAL,
                         "%s was recorded on a machine of the other byte order; import it on one like that",
                         in->name);
    const bool first_format = n >= 16 && !memcmp(h->magic, "PERFFILE", 8); /* of perf before 3.4 */
    if (n < 16 || (!first_format && memcmp(h->magic, "PERFILE2", 8) != 0))
        return error_set(err, -EINVAL, "%s is not a perf.data file%s", in->name,
                         s->bytes ? "; `perf record -o FILE` makes one" : ": it is empty");
    s->piped = h->size == 16;
    if (s->piped)
        return 0;
    if (n < (ssize_t)sizeof(*h) || h->data.offset > s->bytes || h->data.size > s->bytes - h->data.offset)
        return error_set(err, -EINVAL,
                         "%s is cut off: it has %" PRIu64 " bytes, and its head tells of more; copy it or "
                         "record it again",
                         in->name, s->bytes);
    s->unfinished = h->data.size == 0;
    return 0;
}

static int file_check(const struct perf_input *in, struct perf_session *s, struct error *err)
{
    struct file_head h = {0};
    struct stat st = {.st_size = 0};
    int fd = open(in->head, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 || fstat(fd, &st) ? -1 : read(fd, &h, sizeof(h));
    int rc = n < 0 ? error_set(err, -errno, "can't read %s: %s", in->name, strerror(errno)) : 0;
    if (fd >= 0)
        close(fd);
    if (rc)
        return rc;
    s->bytes = (uint64_t)st.st_size;
    s->recorded_at = (int64_t)st.st_mtime;
    return in->text ? 0 : head_check(in, &h, n, s, err);
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

static void list_add(char *list, size_t size, const char *between, const char *text)
{
    const size_t used = strlen(list);
    if (used + strlen(between) + strlen(text) < size)
        snprintf(list + used, size - used, "%s%s", used ? between : "", text);
}

/* Takes note, in a sentence, that not all of an event is in the session.  Returns whether that is so. */
static bool limits_take(struct perf_session *s, const struct perf_event_facts *e)
{
    char text[256];
    const bool sampled = perf_event_is_sampled(e), excluded = perf_event_is_excluded(e),
               filtered = perf_command_filters(&s->asked, e->name);
    if (excluded)
        snprintf(text, sizeof(text),
                 "%s is not in it: perf was told to leave out the %s code, where it happens", e->name,
                 e->exclude_kernel ? "kernel's" : "user's");
    else if (sampled && e->frequency)
        snprintf(text, sizeof(text), "%s: perf sampled it, %" PRIu64 " times a second at most", e->name,
                 e->rate);
    else if (sampled)
        snprintf(text, sizeof(text), "%s: perf sampled it, one of %" PRIu64, e->name, e->rate);
    else
        snprintf(text, sizeof(text), "%s: perf recorded those that pass its --filter", e->name);
    if (excluded || sampled || filtered)
        list_add(s->limits, sizeof(s->limits), "\n", text);
    return sampled || filtered;
}

/* Samples of what runs are samples by their nature; but perf may have been told to see one half only. */
static void clock_take(struct perf_session *s, const struct perf_event_facts *e)
{
    char text[256];
    s->samples = true;
    snprintf(text, sizeof(text), "%s: perf was told to leave out the %s code", e->name,
             e->exclude_kernel ? "kernel's" : "user's");
    if (e->exclude_kernel != e->exclude_user && strcmp(e->base, "dummy") != 0)
        list_add(s->limits, sizeof(s->limits), "\n", text);
}

static bool base_is(const struct perf_event_facts *e, const char *name)
{
    return !strcmp(e->base, name);
}

/* Adds the name to those that stand between blanks. */
static void counted_add(struct perf_session *s, const char *name)
{
    const size_t used = strlen(s->counted);
    if (used + strlen(name) + 3 < sizeof(s->counted))
        snprintf(s->counted + used, sizeof(s->counted) - used, "%s%s ", used ? "" : " ", name);
}

static void event_take(struct perf_session *s, const char *text)
{
    struct perf_event_facts spare, *e = s->fact_count < MAX_PERF_EVENTS ? &s->facts[s->fact_count] : &spare;
    perf_event_read(text, e);
    s->fact_count += e != &spare;
    list_add(s->events, sizeof(s->events), ", ", e->name);
    s->switches |= e->context_switches;
    s->call_paths |= e->call_paths;
    s->dwarf |= e->stacks;
    s->inherits |= e->inherits;
    s->alone |= !e->inherits;
    s->timeless |= e->timeless;
    if (e->fieldless)
        counted_add(s, e->name);
    if (!e->tracepoint)
        clock_take(s, e);
    const bool partly = e->tracepoint && limits_take(s, e);
    if (!e->tracepoint || e->fieldless || perf_event_is_excluded(e))
        return;
    const bool begins = base_is(e, "syscalls:sys_enter_futex"), ends = base_is(e, "syscalls:sys_exit_futex"),
               raw_begins = base_is(e, "raw_syscalls:sys_enter"),
               raw_ends = base_is(e, "raw_syscalls:sys_exit");
    s->futex_begins |= begins;
    s->futex_calls |= ends;
    s->raw_begins |= raw_begins;
    s->raw_calls |= raw_ends;
    s->begins_partly |= partly && (begins || raw_begins);
    s->ends_partly |= partly && (ends || raw_ends);
    s->switches |= base_is(e, "sched:sched_switch") && !partly;
    s->wakeups |= (base_is(e, "sched:sched_wakeup") || base_is(e, "sched:sched_waking")) && !partly;
}

const struct perf_event_facts *perf_session_event(const struct perf_session *s, const char *name)
{
    for (size_t i = 0; i < s->fact_count; i++)
        if (!strcmp(s->facts[i].name, name))
            return &s->facts[i];
    return NULL;
}

/* Takes note of what perf was asked for, by the words of its command line. */
static void words_take(struct perf_session *s)
{
    const struct perf_head *h = &s->head;
    perf_command_read(h->words, h->word_count, &s->asked);
    s->ran_command = perf_command_is_measured(&s->asked, h->word_count);
    s->delayed = s->asked.delayed;
    char *text = perf_command_text(&s->asked, h->words, h->word_count);
    text_copy(s->command, sizeof(s->command), text ? text : "?");
    free(text);
}

/* Takes the line that perf prints of its command, the words with blanks between them, if the file itself
 * doesn't tell the words. */
static void command_take(struct perf_session *s, const char *text)
{
    struct perf_head *h = &s->head;
    if (h->word_count)
        return;
    char *copy = strdup(text);
    perf_head_free(h);
    h->words = calloc(MAX_PERF_WORDS, sizeof(*h->words));
    for (char *rest = copy, *word; h->words && (word = strsep(&rest, " ")) && h->word_count < MAX_PERF_WORDS;)
        if (*word && (h->words[h->word_count] = strdup(word)))
            h->word_count++;
    free(copy);
    words_take(s);
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

static int lines_read(const char *const *argv, const char *name, bool comments, struct perf_session *s,
                      line_fn take, struct error *err)
{
    struct perf_child *child = NULL;
    char what[512];
    int rc = perf_child_start(argv, &child, err);
    snprintf(
        what, sizeof(what),
        "read %s (if another perf made it, have that one print it, and import the text: " PERF_SCRIPT_COMMAND
        ")",
        name);
    if (!rc)
        rc = lines_split(child, comments, s, take);
    if (!rc)
        rc = perf_child_finish(child, what, err);
    perf_child_free(child);
    return rc < 0 ? error_set(err, rc, "can't read %s: %s", name, strerror(-rc)) : 0;
}

static int data_read(const struct perf_input *in, struct perf_session *s, struct error *err)
{
    const char *const head[] = {"perf", "script", "-f", "--header-only", "-i", in->path, NULL};
    const char *const piped[] = {"perf", "script", "-f", "--header", "-F", "pid,tid", "-i", in->path, NULL};
    const char *const ids[] = {"perf", "buildid-list", "-f", "-i", in->path, NULL};
    struct error ignored = {""};
    int rc = perf_head_read(in->head, &s->head);
    if (rc && rc != -EINVAL) /* of another format: then perf's text tells the command */
        return error_set(err, rc, "can't read %s: %s", in->name, strerror(-rc));
    if (s->head.word_count)
        words_take(s);
    rc = lines_read(s->piped ? piped : head, in->name, s->piped, s, perf_session_line,
                    s->unfinished ? &ignored : err);
    if (rc && s->unfinished)
        error_set(
            err, -EINVAL,
            "%s is unfinished: perf record was killed before it could write its end; record again, and end "
            "perf by Ctrl-C",
            in->name);
    if (!rc)
        lines_read(ids, in->name, false, s, build_id_take,
                   &ignored); /* without them fewer files are trusted */
    return rc;
}

int perf_session_read(const struct perf_input *in, struct perf_session *s, struct error *err)
{
    *s = (struct perf_session){0};
    int rc = file_check(in, s, err);
    if (!rc)
        rc = in->text ? perf_text_read(in, s, err) : data_read(in, s, err);
    if (rc)
        perf_session_free(s);
    return rc;
}

void perf_session_free(struct perf_session *s)
{
    for (size_t i = 0; i < s->build_id_count; i++)
        free(s->build_ids[i].path);
    free(s->build_ids);
    s->build_ids = NULL;
    s->build_id_count = 0;
    perf_head_free(&s->head);
}
