/* See perf_keep.h. */
#include "cli/record/perf_keep.h"

#include "analysis/base/datadir.h"
#include "cli/record/record_answer.h"
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

enum { SHOW_EVERY_NS = 100000000, SHOWN_FILES = 5 };

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

static int session_import(const struct perf_keep_options *o, const struct perf_pieces *pieces,
                          const struct libc_archive *libc, struct measurement **m,
                          struct perf_import_notes *notes, struct error *err)
{
    struct bar bar = {.bytes = pieces->session.bytes, .started_ns = clock_monotonic_ns()};
    const struct perf_import_options options = {.command = o->pid,
                                                .libc_archive = libc,
                                                .symfs = o->symfs,
                                                .debug_files = o->debug_files,
                                                .progress = bar_show,
                                                .context = &bar};
    if (isatty(STDERR_FILENO))
        bar.progress = progress_new(stderr, (size_t)(bar.bytes / 1000000 + 1));
    int rc = perf_import(&options, pieces, m, notes, err);
    progress_free(bar.progress);
    return rc;
}

/* Writes the number; 0 is nothing worth telling, and leaves the text empty. */
static const char *number_text(uint64_t number, char text[static 32])
{
    text[0] = '\0';
    if (number)
        snprintf(text, 32, "%llu", (unsigned long long)number);
    return text;
}

static int host_fill(const struct perf_keep_options *o, struct recording *r, const struct perf_session *s,
                     const struct perf_import_notes *notes, struct error *err)
{
    char cores[32], memory[32], outside[32], unused[32], copies[32];
    const char *const rows[][2] = {
        {"heapwait_version", HEAPWAIT_VERSION},
        {"kernel", s->kernel},
        {"machine", s->machine},
        {"cpu_model", s->cpu_model},
        {"cores", number_text(s->cores > 0 ? (uint64_t)s->cores : 0, cores)},
        {"mem_bytes", number_text(s->mem_bytes, memory)},
        {"started_at", s->started_at},
        {"perf_version", s->perf_version},
        {"perf_events", s->events},
        {"perf_calls_outside", number_text(notes->outside, outside)},
        {"perf_records_twice", number_text(notes->copies, copies)},
        {"perf_missing_files", notes->missing ? notes->missing : ""},
        {"perf_limits", s->limits},
        {"perf_warnings", notes->warnings ? notes->warnings : ""},
        {"perf_unused_samples", number_text(notes->unused, unused)},
        {"perf_wall_time", o->outcome || !notes->wall ? "" : notes->wall},
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
    int rc = host_fill(o, r, s, notes, err);
    if (!rc)
        rc = recording_add_run(r, &info, m, err);
    if (!rc)
        rc = recording_publish(r, err);
    return rc;
}

/* Prints the first few of the files, one a line in `missing`, and how many others there are. */
static void missing_print(const char *missing)
{
    size_t count = 0;
    for (const char *line = missing; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (count++ < SHOWN_FILES)
            fprintf(stderr, "no names of %.*s\n", (int)strcspn(line, "\n"), line);
    if (count > SHOWN_FILES)
        fprintf(stderr, "and of %zu others: perf_missing_files in the recording's table host\n",
                count - SHOWN_FILES);
}

static void lines_print(const char *before, const char *lines)
{
    for (const char *line = lines; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
        fprintf(stderr, "%s%.*s\n", before, (int)strcspn(line, "\n"), line);
}

/* Says what can't be known of waits, for want of events. */
static void waits_note_print(const struct perf_session *s, const struct measurement *m)
{
    if (s->timeless)
        fputs("the session's events have no time, so nothing is known of waits: record with -T, which perf "
              "record needs with --per-thread\n",
              stderr);
    else if (m->probes == PROBES_NONE)
        fputs("the session has no beginnings of futex calls, so nothing is known of waits: `heapwait doctor "
              "--perf` "
              "prints the line that records them\n",
              stderr);
    else if (!s->futex_calls && !s->raw_calls)
        fputs("the session has the beginnings of futex calls and not their ends: how they ended and how long "
              "they "
              "took is not known; `heapwait doctor --perf` prints the line that records both\n",
              stderr);
    else if (s->begins_partly && s->ends_partly)
        fputs("of futex calls the session has some beginnings and some ends, which need not be of the same "
              "calls: "
              "how they ended and how long they took is not known\n",
              stderr);
    else if (!s->switches)
        fputs(
            "the session has no context switches: whoever was woken is taken to have slept, and times asleep "
            "are not known\n",
            stderr);
}

/* Says of which events and of whom the session tells less than it seems to. */
static void events_note_print(const struct perf_session *s)
{
    if (s->alone && !s->inherits && !s->counted[0])
        fputs("threads and children that began after the session did are not in it: perf record follows them "
              "without --per-thread and --no-inherit\n",
              stderr);
    if (s->counted[0])
        fprintf(stderr,
                "of%sthe session has only how often they were, with its group's samples: record without "
                ":S\n",
                s->counted);
}

static const char *const cut_note[] = {
    [PERF_WHOLE] = "",
    [PERF_CUT_KILLED] = "perf record was ended before it could close the session: its end is missing\n",
    [PERF_CUT_INSIDE] =
        "the session, in the format of a pipe, ends in the midst of its records: it is cut off\n",
    [PERF_CUT_WARNED] = "perf met the end of the session too early: it may be cut off\n",
    [PERF_CUT_COMMAND] =
        "the session went through a pipe, and the end of its command is not in it: it may be cut off\n",
};

static void notes_print(const struct perf_keep_options *o, const struct perf_session *s,
                        const struct measurement *m, const struct perf_import_notes *notes)
{
    fputs(cut_note[notes->cut], stderr);
    lines_print("perf warned: ", notes->warnings);
    lines_print("", s->limits);
    if (notes->unused)
        fprintf(stderr, "%llu samples are of events that heapwait has no use for: the session has %s\n",
                (unsigned long long)notes->unused, s->events);
    if (!o->outcome)
        fprintf(stderr, "measured: %s; the time %s\n", s->command,
                notes->wall ? notes->wall : "is not known: the session has no two records with a time");
    missing_print(notes->missing);
    if (notes->outside)
        fprintf(stderr, "%llu futex calls began before the session or ended after it: they are in no row\n",
                (unsigned long long)notes->outside);
    if (notes->copies)
        fprintf(stderr,
                "%llu records stand in the session twice, as perf now and then writes them: each was taken "
                "once\n",
                (unsigned long long)notes->copies);
    events_note_print(s);
    waits_note_print(s, m);
}

static int session_check(const struct perf_pieces *p, const struct measurement *m, struct error *err)
{
    const struct perf_session *s = &p->session;
    if (m->probes != PROBES_NONE || m->ledger)
        return 0;
    if (s->timeless && (s->futex_calls || s->raw_calls))
        return error_set(err, -EINVAL,
                         "the events of %s have no time, so that calls can't be told from them: record again "
                         "with -T, which perf record needs with --per-thread",
                         p->list[0].input.name);
    if (s->counted[0])
        return error_set(err, -EINVAL,
                         "of%sthe session has only how often they were, with its group's samples: record "
                         "again without :S",
                         s->counted);
    return error_set(err, -EINVAL,
                     "%s has neither futex events nor samples of a clock, only: %s; `heapwait doctor --perf` "
                     "prints the line that records them",
                     p->list[0].input.name, s->events[0] ? s->events : "nothing");
}

static int exit_of_session(int rc)
{
    return rc == -ENOPKG || rc == -ENOMEM || rc == -ECANCELED || rc == -ENOSPC ? EXIT_HEAPWAIT : EXIT_DATA;
}

static int measurement_keep(const struct perf_keep_options *o, struct recording *r,
                            const struct perf_session *session, struct measurement *m,
                            const struct perf_import_notes *notes, struct error *err)
{
    if (o->outcome)
        m->outcome = *o->outcome;
    if (recording_write(o, r, session, m, notes, err))
        return EXIT_HEAPWAIT;
    notes_print(o, session, m, notes);
    record_answer_print(recording_descriptor(r), o->output, stderr);
    return EXIT_OK;
}

/* Reads the session and keeps what it tells.  Returns an exit code. */
static int session_perform(const struct perf_keep_options *o, struct recording *r,
                           const struct libc_archive *libc, struct error *err)
{
    struct perf_pieces pieces;
    struct perf_import_notes notes = {0};
    struct measurement *m = NULL;
    int rc = perf_pieces_open(o->sessions, o->session_count, &pieces, err);
    if (rc)
        return exit_of_session(rc);
    rc = session_import(o, &pieces, libc, &m, &notes, err);
    if (!rc)
        rc = session_check(&pieces, m, err);
    int code = rc ? exit_of_session(rc) : measurement_keep(o, r, &pieces.session, m, &notes, err);
    measurement_free(m);
    perf_import_notes_free(&notes);
    perf_pieces_close(&pieces);
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
