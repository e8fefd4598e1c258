/* heapwait record: a command, or what runs already, traced into a recording, with the answer at the end. */
#include "analysis/base/datadir.h"
#include "analysis/base/output.h"
#include "analysis/base/text.h"
#include "cli/record/record_answer.h"
#include "cli/record/record_options.h"
#include "cli/record/record_perf.h"
#include "cli/terminal/command.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/suggestion.h"
#include "probes/elf/debug_file.h"
#include "probes/host/host.h"
#include "probes/host/host_load.h"
#include "probes/host/identity.h"
#include "probes/host/process.h"
#include "probes/names/libc_archive.h"
#include "probes/perf/perf_record.h"
#include "probes/recording/recording_facts.h"
#include "probes/run/calibrate.h"
#include "probes/run/calibration_keep.h"
#include "probes/run/measure.h"
#include "probes/run/target.h"
#include "probes/session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What else the machine did: the load average before, and the CPU time of others meanwhile; -1: not known. */
struct others {
    double load;
    int64_t foreign_ns;
};

/* What was found of what the options name. */
struct found {
    struct target *target;
    struct identity *user;
    struct libc_archive *libc;
};

static void found_free(struct found *f)
{
    target_free(f->target);
    identity_free(f->user);
    libc_archive_close(f->libc);
}

static int found_get(const struct record_options *o, struct found *f, struct error *err)
{
    int rc = o->user ? identity_find(o->user, &f->user, err) : 0;
    if (!rc && o->libc)
        rc = libc_archive_open(o->libc, &f->libc, err);
    if (rc || o->scope == FOLLOW_COMMAND)
        return rc;
    if (o->scope == FOLLOW_PROCESSES)
        return target_processes(o->pids, o->pid_count, &f->target, err);
    return o->scope == FOLLOW_CGROUP ? target_cgroup(o->cgroup, o->command != NULL, &f->target, err)
                                     : target_machine(&f->target, err);
}

/* Returns a line for people: what was attached to, and the command; malloc'd. */
static char *run_line(const struct record_options *o, const struct found *f)
{
    char *command = o->command ? process_command_line(o->command) : NULL, *line = NULL;
    if (!f->target)
        return command;
    if (!command)
        return strdup(f->target->text);
    if (asprintf(&line, "%s, while: %s", f->target->text, command) < 0)
        line = NULL;
    free(command);
    return line;
}

static int recording_write(const struct record_options *o, const struct found *found,
                           struct recording *recording, const struct measurement *m,
                           const struct calibration *calibration, const struct others *others,
                           struct error *err)
{
    static struct host_facts facts;
    char *line = run_line(o, found);
    int rc = line ? 0 : error_set(err, -ENOMEM, "out of memory");
    host_facts_read(&facts, "");
    if (!rc)
        rc = recording_facts_host(recording, &facts, HEAPWAIT_VERSION, err);
    struct run_info info = run_info_unknown(line);
    info.load_average = others->load;
    info.foreign_cpu_ns = others->foreign_ns;
    if (!rc)
        rc = recording_add_run(recording, &info, m, err);
    if (!rc && m->probes == PROBES_LEDGER)
        rc = recording_facts_calibration(recording, calibration, err);
    if (!rc && o->perf)
        rc = perf_record_store(recording, o->perf_file, err);
    if (!rc)
        rc = recording_facts_end(recording, err);
    if (!rc)
        rc = recording_publish(recording, err);
    free(line);
    return rc;
}

static int exit_of_exec(int rc)
{
    return rc == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* Returns what the command ended with, as a shell would say it. */
static int exit_of_command(const struct run_outcome *o)
{
    if (o->left_behind)
        return 128 + SIGTERM; /* it took no notice of that signal */
    if (o->attached)
        return EXIT_OK;
    return o->exit_status >= 0 ? o->exit_status : 128 + o->term_signal;
}

static int failure_tell(int rc, bool exec_failed, const struct error *err)
{
    fprintf(stderr, "heapwait: %s\n", err->text);
    return exec_failed ? exit_of_exec(rc) : EXIT_HEAPWAIT;
}

/* Tells which debug files fitted nothing: without a word they would be taken for used. */
static void debug_files_tell(const struct debug_files *d)
{
    for (size_t i = 0; i < debug_files_count(d); i++) {
        char *complaint = debug_files_complaint(d, i);
        if (complaint)
            fprintf(stderr, "heapwait: %s\n", complaint);
        free(complaint);
    }
}

/* Gives perf's own file to who called sudo, now that it has been read. */
static void perf_file_give(const char *file)
{
    const int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    output_give_owner(fd);
    if (fd >= 0)
        close(fd);
}

static int measurement_keep(const struct record_options *o, const struct found *found,
                            struct recording *recording, const struct measurement *m,
                            const struct calibration *calibration, const struct others *others)
{
    struct error err = {""};
    signal(SIGPIPE, SIG_IGN); /* whoever reads the table may stop before its end: the recording comes first */
    if (m->note)
        fprintf(stderr, "heapwait: %s\n", m->note);
    if (m->outcome.left_behind)
        fprintf(stderr,
                "heapwait: process %d went on after SIGTERM and was left behind, so that its end and what it "
                "used "
                "are not known; `kill -KILL %d` ends it\n",
                (int)m->outcome.left_behind, (int)m->outcome.left_behind);
    debug_files_tell(o->debug_files);
    if (recording_write(o, found, recording, m, calibration, others, &err)) {
        fprintf(stderr, "heapwait: %s\n", err.text);
        return EXIT_HEAPWAIT;
    }
    record_answer_print(recording_descriptor(recording), o->output, stderr);
    if (o->perf && m->perf_failure) {
        fprintf(stderr, "heapwait: the recording has no samples of perf's: %s\n", m->perf_failure);
        return EXIT_HEAPWAIT;
    }
    if (o->perf)
        perf_file_give(o->perf_file);
    if (o->perf)
        fprintf(stderr, "perf's own file: %s (`perf report -i %s`)\n", o->perf_file, o->perf_file);
    return exit_of_command(&m->outcome);
}

/* Says that it is attached: until now nothing has been counted. */
static void begun_tell(void *context, const struct measure_options *options)
{
    (void)context;
    fprintf(stderr, "heapwait: attached to %.400s%s\n", options->target->text,
            options->argv          ? ""
            : options->duration_ns ? "; Ctrl-C ends it before its time"
                                   : "; Ctrl-C ends the measuring");
}

static struct measure_options measure_options_of(const struct record_options *o, const struct found *found)
{
    return (struct measure_options){
        .argv = o->command,
        .target = found->target,
        .user = found->user,
        .libc_archive = found->libc,
        .begun = begun_tell,
        .duration_ns = o->duration_ns,
        .cgroup = o->scope == FOLLOW_CGROUP,
        .machine = o->scope == FOLLOW_ALL,
        .probes = o->mode,
        .stdout_fd = -1,
        .stderr_fd = -1,
        .max_words = o->max_words,
        .sample_period_ns = SAMPLE_PERIOD_NS,
        .timeline_after_ns = TIMELINE_AFTER_NS,
        .timeline_length_ns = TIMELINE_LENGTH_NS,
        .debug_files = o->debug_files,
        .calibrate = o->calibrate,
        .perf_file = o->perf ? o->perf_file : NULL,
    };
}

/* Tells the CPU time of others while the command ran, unless it isn't known: since the command's own isn't,
 * or since the clock, of ticks, had too few of them.  The watch is longer than the run: heapwait reads its
 * tables in it. */
static void others_used(struct others *others, const struct host_watch *watch, const struct run_outcome *o)
{
    struct host_watched seen;
    host_watch_end(watch, o->user_ns + o->system_ns, &seen);
    if (o->attached || seen.foreign_ns == INT64_MIN || seen.wall_ns < HOST_WATCH_LEAST_NS ||
        o->wall_ns > seen.wall_ns)
        return;
    const double share = (double)o->wall_ns / (double)seen.wall_ns;
    others->foreign_ns = seen.foreign_ns > 0 ? (int64_t)((double)seen.foreign_ns * share) : 0;
}

/* Measures what calls and probes cost here, and keeps it for the next time. */
static int calibration_take(struct calibration *c, struct error *err)
{
    char folder[PATH_MAX];
    progress_phase(stderr, NULL);
    fprintf(stderr, "heapwait: measuring what system calls and probes cost here (some seconds, kept until "
                    "the next boot)\n");
    int rc = calibrate_take("/proc/self/exe", 2, c, err);
    if (!rc && calibration_keep_folder(folder, sizeof(folder)))
        calibration_keep_write(folder, c);
    return rc;
}

/* Opens the session of mode ledger with the calibration that belongs to its hooks: the kept one, unless it is
 * to be taken anew. */
static int ledger_open(struct measure_options *measure, bool anew, struct calibration *c, struct error *err)
{
    char folder[PATH_MAX], hooks[sizeof(c->hooks)];
    bool kept = !anew && calibration_keep_folder(folder, sizeof(folder)) && calibration_keep_read(folder, c);
    int rc = kept ? 0 : calibration_take(c, err);
    if (!rc)
        rc = session_open(measure, &measure->session, err);
    if (rc)
        return rc;
    calibrate_hooks(measure->session, hooks, sizeof(hooks));
    if (!kept || !strcmp(hooks, c->hooks))
        return 0;
    session_close(measure->session);
    measure->session = NULL;
    rc = calibration_take(c, err);
    return rc ? rc : session_open(measure, &measure->session, err);
}

static int record(const struct record_options *o, const struct found *found, struct recording *recording)
{
    struct error err = {""};
    struct measurement *m = NULL;
    bool exec_failed;
    struct measure_options measure = measure_options_of(o, found);
    struct others others = {host_load_average(), -1};
    struct host_watch watch;
    struct calibration calibration = {0};
    if (found->target && found->target->note)
        fprintf(stderr, "heapwait: %s\n", found->target->note);
    progress_phase(stderr, "loading the probes");
    int rc = o->mode == PROBES_LEDGER ? ledger_open(&measure, o->calibrate, &calibration, &err)
                                      : session_open(&measure, &measure.session, &err);
    progress_phase(stderr, NULL);
    if (rc)
        return failure_tell(rc, false, &err);
    host_watch_start(&watch);
    rc = measure_run(&measure, &m, &exec_failed, &err);
    if (!rc)
        others_used(&others, &watch, &m->outcome);
    int code = rc ? failure_tell(rc, exec_failed, &err)
                  : measurement_keep(o, found, recording, m, &calibration, &others);
    progress_phase(stderr, "detaching the probes");
    session_close(measure.session); /* last: to detach takes the kernel most of a second, or several */
    progress_phase(stderr, NULL);
    measurement_free(m);
    return code;
}

static int by_perf(const struct record_options *o, const struct found *found, struct recording *recording)
{
    char *line = run_line(o, found);
    const struct record_perf_options options = {.output = o->output,
                                                .recording = recording,
                                                .command = o->command,
                                                .command_line = line ? line : "?",
                                                .libc = o->libc,
                                                .user = found->user};
    int code = record_perf(&options);
    free(line);
    return code;
}

/* Says what the command's environment lacks, if it runs as somebody else: a name in it may be anything. */
static void dropped_tell(const struct found *found)
{
    char *dropped = found->user ? identity_dropped() : NULL;
    if (dropped)
        fprintf(stderr, "heapwait: the command, as %s, runs without what belongs to you: %s\n",
                identity_name(found->user), text_clean(dropped));
    free(dropped);
}

/* Chooses where perf's file goes: beside the recording unless the user says otherwise.  Returns what is to be
 * freed. */
static char *perf_file_name(struct record_options *o)
{
    char *name = NULL;
    if (!o->perf || o->perf_file || asprintf(&name, "%s.perf.data", o->output) < 0)
        return NULL;
    o->perf_file = name;
    return name;
}

int record_main(int argc, char **argv)
{
    static struct record_options options = {.output = "heapwait.db", .mode = PROBES_PROFILE};
    int code = record_options_parse(argc, argv, &options);
    if (code >= 0)
        return code;
    struct error err = {""};
    struct found found = {0};
    struct recording *recording = NULL;
    char *perf_file = perf_file_name(&options);
    char *schema = datadir_path("schema.sql", &err); /* without it the measuring would be in vain */
    int rc = schema ? recording_check(options.output, &err) : -ENOENT;
    free(schema);
    if (!rc) /* now: the folder stays the one that was named, whatever is renamed while the command runs */
        rc = recording_open(options.output, RECORDING_REPLACE, &recording, &err);
    if (!rc)
        rc = found_get(&options, &found, &err);
    if (!rc)
        dropped_tell(&found);
    code = rc                ? failure_tell(rc, false, &err)
           : options.by_perf ? by_perf(&options, &found, recording)
                             : record(&options, &found, recording);
    if (code == EXIT_NOT_FOUND && options.command)
        suggestion_here_tell("record", options.command[0]);
    recording_close(recording);
    found_free(&found);
    debug_files_free(options.debug_files);
    free(perf_file);
    return code;
}
