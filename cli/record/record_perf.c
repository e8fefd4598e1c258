/* See record_perf.h.  perf attaches to the command while it is held before its exec, as the probes do, so the
 * command is heapwait's own child and its exit status is known.  The session lies beside the recording while
 * it is needed, under a name that nobody else can have. */
#include "cli/record/record_perf.h"

#include "cli/record/perf_keep.h"
#include "cli/terminal/command.h"
#include "cli/terminal/stop.h"
#include "probes/host/host.h"
#include "probes/perf/perf_line.h"
#include "probes/perf/perf_record.h"
#include "probes/run/launch.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct taken {
    struct run_outcome outcome;
    pid_t pid;
    bool exec_failed;
};

/* Makes perf's line.  A part that is missing is an error: without the right to count futex calls the
 * recording would be of nothing. */
static int line_prepare(struct perf_line *line, struct error *err)
{
    perf_line_make(line, true);
    for (size_t i = 0; i < line->count; i++)
        if (*line->parts[i].lack)
            return error_set(err, -EPERM, "perf can't record '%s': %s; `heapwait doctor --perf` tells all",
                             line->parts[i].value, line->parts[i].lack);
    return 0;
}

static char *session_file_make(const char *output, struct error *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s.perf.data-XXXXXX", output) < 0) {
        error_set(err, -ENOMEM, "out of memory");
        return NULL;
    }
    int fd = mkstemp(path);
    if (fd < 0) {
        error_set(err, -errno, "can't make a file for perf beside '%s': %s; name another place with -o",
                  output, strerror(errno));
        free(path);
        return NULL;
    }
    close(fd);
    return path;
}

static int command_take(const struct record_perf_options *o, const struct perf_line *line,
                        const char *session, struct taken *t, struct error *err)
{
    const char *arguments[2 * MAX_LINE_PARTS + 1];
    const struct measure_options measure = {
        .argv = o->command, .user = o->user, .stdout_fd = -1, .stderr_fd = -1};
    struct launch *launch = NULL;
    struct perf_record_child *perf = NULL;
    perf_line_arguments(line, arguments, sizeof(arguments) / sizeof(arguments[0]));
    int rc = launch_prepare(&measure, &launch, err);
    if (!rc) {
        t->pid = launch_pid(launch);
        rc = perf_record_start_as(t->pid, session, arguments, &perf, err);
    }
    if (!rc) {
        rc = launch_release(launch, err);
        t->exec_failed = launch_exec_failed(launch);
    }
    if (!rc)
        rc = launch_wait(launch, NULL, &t->outcome, err);
    if (!rc)
        rc = perf_record_finish(perf, err);
    perf_record_free(perf);
    launch_free(launch);
    return rc;
}

static int exit_of_failure(int rc, bool exec_failed)
{
    if (!exec_failed)
        return EXIT_HEAPWAIT;
    return rc == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

static int session_keep(const struct record_perf_options *o, const char *session, const struct taken *t,
                        double load, struct error *err)
{
    const struct perf_keep_options keep = {.sessions = &session,
                                           .session_count = 1,
                                           .output = o->output,
                                           .recording = o->recording,
                                           .libc = o->libc,
                                           .command = o->command_line,
                                           .pid = (uint32_t)t->pid,
                                           .outcome = &t->outcome,
                                           .load_average = load};
    stop_catch();
    signal(SIGPIPE, SIG_IGN);
    if (perf_keep(&keep, err))
        return EXIT_HEAPWAIT;
    if (t->outcome.left_behind)
        return 128 + SIGTERM;
    return t->outcome.exit_status >= 0 ? t->outcome.exit_status : 128 + t->outcome.term_signal;
}

static void rivals_tell(unsigned before, unsigned after)
{
    unsigned most = before > after ? before : after;
    if (most)
        fprintf(stderr,
                "heapwait: somebody's BPF program%s on the futex tracepoints and may have hidden futex calls "
                "from perf (bpftool prog list)\n",
                most == 1 ? " sits" : "s sit");
}

int record_perf(const struct record_perf_options *o)
{
    struct perf_line line;
    struct taken taken = {.exec_failed = false};
    struct error err = {""};
    double load = host_load_average();
    int rc = line_prepare(&line, &err);
    char *session = rc ? NULL : session_file_make(o->output, &err);
    int code = EXIT_HEAPWAIT;
    if (session) {
        unsigned rivals = perf_line_rivals();
        rc = command_take(o, &line, session, &taken, &err);
        if (!rc)
            rivals_tell(rivals, perf_line_rivals());
        code = rc ? exit_of_failure(rc, taken.exec_failed) : session_keep(o, session, &taken, load, &err);
        unlink(session);
    }
    if (*err.text)
        fprintf(stderr, "heapwait: %s\n", err.text);
    free(session);
    return code;
}
