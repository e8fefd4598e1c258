/* See perf_source.h. */
#include "probes/perf/perf_source.h"

#include "probes/perf/perf_child.h"
#include "probes/perf/perf_script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_WARNED = 1 << 16 }; /* bytes; there may be hundreds of pieces */

struct perf_source {
    const struct perf_input *input;
    struct perf_child *child; /* NULL: the text is in the file `fd` */
    int fd;
    bool some; /* something was read */
};

static int perf_start(struct perf_source *s, const struct perf_reading *how, struct error *err)
{
    const char *const argv[] = {"perf",
                                "script",
                                "-f",
                                "-i",
                                s->input->path,
                                "--ns",
                                "-F",
                                how->timeless ? PERF_SCRIPT_FIELDS_TIMELESS : PERF_SCRIPT_FIELDS,
                                "--no-demangle",
                                "--no-inline",
                                "--show-mmap-events",
                                "--show-task-events",
                                "--show-switch-events",
                                "--show-lost-events",
                                how->symfs ? "--symfs" : NULL,
                                how->symfs,
                                NULL};
    return perf_child_start(argv, &s->child, err);
}

int perf_source_open(const struct perf_input *in, const struct perf_reading *how, struct perf_source **out,
                     struct error *err)
{
    struct perf_source *s = calloc(1, sizeof(*s));
    if (!s)
        return error_set(err, -ENOMEM, "out of memory");
    *s = (struct perf_source){.input = in, .fd = -1};
    int rc = 0;
    if (!in->text)
        rc = perf_start(s, how, err);
    else if ((s->fd = open(in->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
        rc = error_set(err, -errno, "can't read %s: %s", in->name, strerror(errno));
    if (rc) {
        perf_source_free(s);
        return rc;
    }
    *out = s;
    return 0;
}

ssize_t perf_source_read(struct perf_source *s, char *buffer, size_t size)
{
    ssize_t n = s->child ? perf_child_read(s->child, buffer, size) : read(s->fd, buffer, size);
    s->some |= n > 0;
    return n < 0 && !s->child ? -errno : n;
}

/* Takes over what perf warned of: malloc'd, or NULL. */
static void warnings_add(struct perf_reading *how, char *warnings, size_t count)
{
    char *all = NULL;
    if (!warnings)
        return;
    how->cut |= strstr(warnings, "unexpected end of event stream") != NULL;
    how->warning_count += count;
    if (!how->warnings) {
        how->warnings = warnings;
        return;
    }
    if (strlen(how->warnings) < MAX_WARNED && asprintf(&all, "%s\n%s", how->warnings, warnings) >= 0) {
        free(how->warnings);
        how->warnings = all;
    }
    free(warnings);
}

int perf_source_finish(struct perf_source *s, bool cut, struct perf_reading *how, struct error *err)
{
    struct error why = {""};
    size_t count = 0;
    char what[512];
    snprintf(what, sizeof(what),
             "read %s to its end (is it damaged? copy it again; if another perf made it, have that one print "
             "it, and "
             "import the text: " PERF_SCRIPT_COMMAND ")",
             s->input->name);
    if (!s->child)
        return 0;
    int rc = perf_child_finish(s->child, what, &why);
    char *warnings = perf_child_warnings(s->child, &count);
    warnings_add(how, warnings, count);
    if (!rc || (cut && s->some))
        return 0;
    return error_set(err, rc, "%s", why.text);
}

void perf_source_free(struct perf_source *s)
{
    if (!s)
        return;
    perf_child_free(s->child);
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}
