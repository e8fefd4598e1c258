/* heapwait study: every variant at every thread count, several times, in random order, into one recording.
 * This file puts the parts together and talks; see study_options.h (what was asked for), study_settings.h
 * (what is done), study_plan.h (in which order), study_run.h (one run), study_loop.h (all of them). */
#include "cli/command.h"
#include "cli/stop.h"
#include "cli/study_capture.h"
#include "cli/study_loop.h"
#include "probes/calibrate.h"
#include "probes/host.h"
#include "probes/host_load.h"
#include "probes/perf_record.h"
#include "probes/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef HEAPWAIT_VERSION
#define HEAPWAIT_VERSION "unknown"
#endif

enum { EXIT_INTERRUPTED = 130 }; /* 128 + SIGINT, as shells have it */

struct study {
    const struct study_options *options;
    struct study_settings settings;
    struct host_facts facts; /* of the start: the warm-ups would show in the load average */
    struct plan_cell *plan;
    size_t count, kinds;
    struct study_loop *loop;
    struct recording *recording;
};

static void usage_print(void)
{
    puts("usage: heapwait study [OPTION...]\n\n"
         "Runs every variant of the password program at every thread count, several times, untraced (for the "
         "time)\n"
         "and traced (for the counts), in random order, into one recording.\n\n"
         "  -o, --output FILE        the recording (heapwait.db); an older one is kept as FILE.old\n"
         "      --quick              100000 passwords instead of 1000000: under a minute for all variants\n"
         "      --variants LIST      only these, with commas between; `none`: only those given by --variant\n"
         "      --variant NAME=COMMAND\n"
         "                           anyone's program as one more variant, repeatable; {threads} and "
         "{passwords} in\n"
         "                           COMMAND are replaced; a line \"Generating N passwords with T threads "
         "took M ms\"\n"
         "                           on its stdout is read; quotes work, no shell is involved\n"
         "      --threads LIST       thread counts (1, the cores, twice the cores, 22)\n"
         "      --passwords N        passwords per run (1000000)\n"
         "      --reps N             untraced runs of each variant and thread count (6)\n"
         "      --traced-reps N      those in mode waits, which count futex calls (1)\n"
         "      --ledger-reps N      those in mode ledger, which account for every nanosecond (2; 1 with "
         "--quick)\n"
         "      --perf               one more run of each, sampled by perf, for a flame graph\n"
         "      --no-probes          no traced runs: needs no privilege\n"
         "      --timeout S          a run that takes longer is killed and recorded as failed (120)\n"
         "      --seed N             of the random order; it is printed, and the same one gives the same "
         "order\n"
         "      --resume             go on with the study in FILE that was interrupted\n"
         "  -h, --help               this text\n\n"
         "Ctrl-C keeps the finished runs.  Exit status: 0, 1 no run succeeded, 2 wrong usage, 125 heapwait's "
         "own\n"
         "failure (nothing is run without the privilege that the traced runs need), 130 interrupted.");
}

static int fail(const struct error *err, int exit_code)
{
    fprintf(stderr, "heapwait: %s\n", err->text[0] ? err->text : "failed for an unknown reason");
    return exit_code;
}

static int settings_from_options(struct study *s, struct error *err)
{
    struct variant_list table = {0};
    int rc = settings_need_table(s->options) ? variants_load(&table, err) : 0;
    if (!rc)
        rc = settings_make(s->options, &table, &s->settings, err);
    variants_free(&table);
    return rc;
}

/* What was begun on one machine and goes on on another can't be compared. */
static void host_compare(struct study *s)
{
    char difference[512] = "";
    struct error ignored = {""};
    settings_host_differs(s->options->file, &s->facts, difference, sizeof(difference));
    if (!*difference)
        return;
    fprintf(stderr, "heapwait: warning: %s: times of before and after can't be compared\n", difference);
    recording_set_host(s->recording, "warning_resumed", difference, &ignored);
}

static int settings_from_recording(struct study *s, struct error *err)
{
    const char *file = s->options->file;
    if (access(file, F_OK))
        return error_set(err, -errno, "can't resume '%s': %s; without --resume it is made", file,
                         strerror(errno));
    int rc = recording_open(file, RECORDING_RESUME, &s->recording, err);
    /* Touching it rolls back what a crash left, before it is opened for reading only. */
    if (!rc && recording_has_position(s->recording, 0) < 0)
        rc = error_set(err, -EIO, "'%s' is damaged or of another version: it can't be resumed", file);
    if (!rc)
        rc = settings_load(file, &s->settings, err);
    return rc ? rc : settings_agree(&s->settings, s->options, err);
}

/* The privilege is tried before anything is run, written or moved. */
static int probes_try(const struct study *s, struct error *err)
{
    char *argv[] = {s->settings.variants[0].name, NULL};
    const struct measure_options options = {
        .argv = argv, .probes = PROBES_WAITS, .stdout_fd = -1, .stderr_fd = -1};
    struct session *session = NULL;
    const char *perf_file = s->settings.perf_file;
    int rc = s->settings.traced_reps || s->settings.ledger_reps || perf_file
                 ? session_open(&options, &session, err)
                 : 0;
    session_close(session);
    return rc || !perf_file ? rc : perf_record_try(perf_file, err);
}

static void plan_announce(const struct study *s)
{
    const struct study_settings *p = &s->settings;
    char threads[STUDY_MAX_THREAD_COUNTS * 6];
    threads_format(p->threads, p->thread_count, threads, sizeof(threads));
    fprintf(stderr,
            "heapwait: %zu variant%s, threads %s, %" PRIu64
            " passwords, %u untraced runs of each, %u in mode waits, %u in mode ledger%s:"
            " %zu runs, seed %" PRIu64 "\n",
            p->present_count, p->present_count == 1 ? "" : "s", threads, p->passwords, p->reps,
            p->traced_reps, p->ledger_reps, p->perf_file ? ", one with perf" : "", s->count, p->seed);
    for (size_t i = 0; i < p->variant_count; i++) {
        const struct study_variant *v = &p->variants[i];
        if (v->absent_reason)
            fprintf(stderr, "heapwait: warning: variant %s is absent: %s\n", v->name, v->absent_reason);
        else if (v->own_threads && p->thread_count > 1)
            fprintf(stderr,
                    "heapwait: %s has no {threads} in its command: it runs with its own number of threads\n",
                    v->name);
    }
}

/* The busy check's result, said and stored; a warning of before --resume stays. */
static int noise_store(const struct study *s, struct error *err)
{
    const struct study_tally *t = study_loop_tally(s->loop);
    char text[256];
    int rc = 0;
    if (noise_judge(&t->noise, text, sizeof(text))) {
        fprintf(stderr, "heapwait: warning: the machine was busy: %s; repeat the study when it is idle\n",
                text);
        rc = recording_set_host(s->recording, "warning_busy", text, err);
    }
    snprintf(text, sizeof(text), "%" PRIu64, t->noise.steal_ns);
    return rc ? rc : recording_set_host(s->recording, "steal_ns", text, err);
}

/* What system calls and probes cost here: without it the ledger's user code holds the costs of both. */
static int calibration_keep(const struct study *s, struct error *err)
{
    struct calibration c;
    if (!s->settings.ledger_reps)
        return 0;
    int rc = calibration_take("/proc/self/exe", &c, err);
    if (rc)
        return rc;
    const struct call_cost *null = &c.calls[CALL_NULL];
    fprintf(stderr, "heapwait: a null system call takes %.0f ns here, %.0f ns in mode ledger\n",
            null->untraced, null->traced);
    return calibration_store(s->recording, &c, err);
}

/* A new recording, with the facts of the machine and the settings. */
static int recording_begin(struct study *s, struct error *err)
{
    int rc = recording_open(s->options->file, RECORDING_REPLACE, &s->recording, err);
    if (!rc)
        rc = host_store(s->recording, &s->facts, HEAPWAIT_VERSION, err);
    if (!rc)
        rc = settings_store(&s->settings, s->count, s->recording, err);
    if (!rc && s->settings.perf_file)
        rc = perf_record_store(s->recording, NULL, err);
    return rc ? rc : calibration_keep(s, err);
}

static int end_store(const struct study *s, struct error *err)
{
    const struct study_tally *t = study_loop_tally(s->loop);
    int rc = noise_store(s, err);
    if (!rc)
        rc = host_store_end(s->recording, err);
    if (!rc)
        rc = recording_set_study(s->recording, "finished", t->interrupted ? "0" : "1", err);
    return rc;
}

static int end_announce(const struct study *s)
{
    const struct study_tally *t = study_loop_tally(s->loop);
    const char *file = s->options->file;
    fprintf(stderr, "heapwait: %zu of %zu runs in %s", t->found + t->done + t->given_up, s->count, file);
    if (t->failed || t->given_up)
        fprintf(stderr, ", %zu failed, %zu given up", t->failed, t->given_up);
    if (t->traced)
        fprintf(stderr, ", %" PRIu64 " events lost in %zu of %zu traced runs", t->lost, t->traced_with_loss,
                t->traced);
    fputc('\n', stderr);
    if (t->interrupted) {
        fprintf(stderr, "heapwait: interrupted; `heapwait study --resume -o %s` goes on\n", file);
        return EXIT_INTERRUPTED;
    }
    fprintf(stderr,
            "heapwait: `heapwait explain %s` prints the verdict, `heapwait report %s` makes the report\n",
            file, file);
    return t->done && t->done == t->failed && !t->found ? EXIT_DATA : EXIT_OK;
}

static int runs_make(struct study *s, struct error *err)
{
    char duration[32];
    int rc = study_loop_warm_up(s->loop, err);
    if (rc)
        return rc;
    if (study_loop_left_ns(s->loop) != UINT64_MAX && !study_loop_tally(s->loop)->interrupted)
        fprintf(stderr, "heapwait: this will take about %s\n",
                progress_duration(duration, study_loop_left_ns(s->loop)));
    return study_loop_run(s->loop, s->recording, err);
}

/* From the settings to the end.  A half-made study keeps what it has. */
static int study_perform(struct study *s, struct error *err)
{
    s->plan = settings_plan(&s->settings, &s->count, &s->kinds, err);
    if (!s->plan)
        return -EINVAL;
    s->loop = study_loop_new(&s->settings, s->plan, s->count, s->kinds);
    if (!s->loop)
        return error_set(err, -ENOMEM, "out of memory");
    if (probes_try(s, err))
        return -EPERM;
    plan_announce(s);
    study_loop_watch(s->loop);
    if (s->recording)
        host_compare(s);
    int rc = s->recording ? 0 : recording_begin(s, err);
    long left = rc ? rc : study_loop_look(s->loop, s->recording, err);
    if (left < 0)
        return (int)left;
    if (left > 0)
        rc = runs_make(s, err);
    else
        fprintf(stderr, "heapwait: all of its runs are there already\n");
    struct error ignored = {""};
    int stored = left > 0 ? end_store(s, rc ? &ignored : err) : 0;
    return rc ? rc : stored;
}

static int study_run_all(const struct study_options *o)
{
    struct study s = {.options = o};
    struct error err = {""};
    host_facts_read(&s.facts, "");
    int rc = o->resume ? settings_from_recording(&s, &err) : settings_from_options(&s, &err);
    int code = rc ? fail(&err, rc == -EINVAL ? EXIT_USAGE : EXIT_HEAPWAIT) : EXIT_OK;
    if (!rc) {
        stop_catch();
        rc = stdin_detach(&err);
        if (!rc)
            rc = study_perform(&s, &err);
        code = rc ? fail(&err, EXIT_HEAPWAIT) : end_announce(&s);
    }
    study_loop_free(s.loop);
    free(s.plan);
    settings_free(&s.settings);
    recording_close(s.recording);
    return code;
}

int study_main(int argc, char **argv)
{
    struct study_options options;
    struct error err = {""};
    int code = EXIT_OK;
    if (study_options_parse(argc, argv, &options, &err))
        code = fail(&err, EXIT_USAGE);
    else if (options.help)
        usage_print();
    else
        code = study_run_all(&options);
    study_options_free(&options);
    return code;
}
