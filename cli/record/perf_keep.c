/* See perf_keep.h. */
#include "cli/record/perf_keep.h"

#include "analysis/base/datadir.h"
#include "cli/record/lock_table.h"
#include "cli/terminal/command.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/stop.h"
#include "probes/host/clock.h"
#include "probes/names/libc_archive.h"
#include "probes/perf/perf_import.h"
#include "probes/recording/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef HEAPWAIT_VERSION
#define HEAPWAIT_VERSION "unknown"
#endif

enum { SHOW_EVERY_NS = 100000000 };

struct bar {
    struct progress *progress; /* NULL: no terminal */
    uint64_t bytes, started_ns, shown_ns;
};

/* Shows the bar: how far the session's clock has come stands for how much of the file has been read. */
static bool bar_show(void *context, uint64_t done_ns, uint64_t total_ns)
{
    struct bar *b = context;
    uint64_t now = b->progress ? clock_monotonic_ns() : 0;
    if (b->progress && total_ns && now - b->shown_ns >= SHOW_EVERY_NS) {
        double part = (double)(done_ns < total_ns ? done_ns : total_ns) / (double)total_ns;
        double left = part > 0.02 ? (double)(now - b->started_ns) * (1 - part) / part : -1;
        progress_show(b->progress, (size_t)((double)b->bytes * part / 1e6), "MB read",
                      left < 0 ? UINT64_MAX : (uint64_t)left);
        b->shown_ns = now;
    }
    return stop_asked();
}

static int session_import(const struct perf_keep_options *o, const struct perf_session *session,
                          const struct libc_archive *libc, struct measurement **m,
                          struct perf_import_notes *notes, struct error *err)
{
    struct bar bar = {.bytes = session->bytes, .started_ns = clock_monotonic_ns()};
    const struct perf_import_options options = {
        .path = o->session, .command = o->pid, .libc_archive = libc, .progress = bar_show, .context = &bar};
    if (isatty(STDERR_FILENO))
        bar.progress = progress_new(stderr, (size_t)(session->bytes / 1000000 + 1));
    int rc = perf_import(&options, session, m, notes, err);
    progress_free(bar.progress);
    return rc;
}

static int host_fill(struct recording *r, const struct perf_session *s, const struct perf_import_notes *notes,
                     struct error *err)
{
    char cores[32] = "", memory[32] = "";
    if (s->cores > 0)
        snprintf(cores, sizeof(cores), "%ld", s->cores);
    if (s->mem_bytes)
        snprintf(memory, sizeof(memory), "%llu", (unsigned long long)s->mem_bytes);
    const char *const rows[][2] = {
        {"heapwait_version", HEAPWAIT_VERSION},
        {"kernel", s->kernel},
        {"machine", s->machine},
        {"cpu_model", s->cpu_model},
        {"cores", cores},
        {"mem_bytes", memory},
        {"started_at", s->started_at},
        {"perf_version", s->perf_version},
        {"perf_events", s->events},
        {"perf_missing_files", notes->missing ? notes->missing : ""},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !rc; i++)
        rc = rows[i][1][0] ? recording_set_host(r, rows[i][0], rows[i][1], err) : 0;
    return rc;
}

static int recording_write(const struct perf_keep_options *o, struct recording *r,
                           const struct perf_session *s, const struct measurement *m,
                           const struct perf_import_notes *notes, struct error *err)
{
    struct run_info info = run_info_unknown(o->command ? o->command : s->command);
    if (o->outcome)
        info.load_average = o->load_average;
    int rc = host_fill(r, s, notes, err);
    if (!rc)
        rc = recording_add_run(r, &info, m, err);
    if (!rc)
        rc = recording_publish(r, err);
    return rc;
}

static void notes_print(const struct perf_session *s, const struct measurement *m,
                        const struct perf_import_notes *notes)
{
    if (s->unfinished)
        fputs("perf record was ended before it could close the session: its end is missing\n", stderr);
    for (const char *line = notes->missing; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
        fprintf(stderr, "no names of %.*s\n", (int)strcspn(line, "\n"), line);
    if (m->probes == PROBES_NONE)
        fputs(
            "the session has no futex events, so nothing is known of waits: `heapwait doctor --perf` prints "
            "the line that records them\n",
            stderr);
    else if (!s->switches)
        fputs(
            "the session has no context switches: whoever was woken is taken to have slept, and times asleep "
            "are not known\n",
            stderr);
}

static int session_check(const struct perf_session *s, const struct measurement *m, const char *path,
                         struct error *err)
{
    if (m->probes != PROBES_NONE || m->ledger)
        return 0;
    return error_set(
        err, -EINVAL,
        "'%s' has neither futex events nor samples of a clock, only: %s; `heapwait doctor --perf` "
        "prints the line that records them",
        path, s->events[0] ? s->events : "nothing");
}

static int exit_of_session(int rc)
{
    return rc == -ENOPKG || rc == -ENOMEM || rc == -ECANCELED ? EXIT_HEAPWAIT : EXIT_DATA;
}

static int measurement_keep(const struct perf_keep_options *o, struct recording *r,
                            const struct perf_session *session, struct measurement *m,
                            const struct perf_import_notes *notes, struct error *err)
{
    if (o->outcome)
        m->outcome = *o->outcome;
    if (recording_write(o, r, session, m, notes, err))
        return EXIT_HEAPWAIT;
    if (m->probes != PROBES_NONE)
        lock_table_print(m, stderr);
    notes_print(session, m, notes);
    fprintf(stderr, "recording: %s (`heapwait explain %s`)\n", o->output, o->output);
    return EXIT_OK;
}

/* Reads the session and keeps what it tells.  Returns an exit code. */
static int session_perform(const struct perf_keep_options *o, struct recording *r,
                           const struct libc_archive *libc, struct error *err)
{
    struct perf_session session;
    struct perf_import_notes notes = {0};
    struct measurement *m = NULL;
    int rc = perf_session_read(o->session, &session, err);
    if (rc)
        return exit_of_session(rc);
    rc = session_import(o, &session, libc, &m, &notes, err);
    if (!rc)
        rc = session_check(&session, m, o->session, err);
    int code = rc ? exit_of_session(rc) : measurement_keep(o, r, &session, m, &notes, err);
    measurement_free(m);
    perf_import_notes_free(&notes);
    perf_session_free(&session);
    return code;
}

static int output_open(const char *output, struct recording **r, struct error *err)
{
    int rc = recording_check(output, err);
    return rc ? rc : recording_open(output, RECORDING_REPLACE, r, err);
}

int perf_keep(const struct perf_keep_options *o, struct error *err)
{
    struct recording *own = NULL;
    struct libc_archive *libc = NULL;
    char *schema = datadir_path("schema.sql", err); /* without it the reading would be in vain */
    int rc = schema ? 0 : -ENOENT;
    if (!rc && !o->recording)
        rc = output_open(o->output, &own, err);
    if (!rc && o->libc)
        rc = libc_archive_open(o->libc, &libc, err);
    int code = rc ? EXIT_HEAPWAIT : session_perform(o, own ? own : o->recording, libc, err);
    libc_archive_close(libc);
    recording_close(own);
    free(schema);
    return code;
}
