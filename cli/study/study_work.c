/* See study_work.h. */
#include "cli/study/study_work.h"

#include "cli/study/study_capture.h"
#include "cli/terminal/stop.h"
#include "probes/perf/perf_record.h"
#include "probes/recording/recording_facts.h"
#include "probes/run/calibrate.h"
#include "probes/session/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef HEAPWAIT_VERSION
#define HEAPWAIT_VERSION "unknown"
#endif

int study_work_prepare(struct study_work *w, struct error *err)
{
    w->plan = study_settings_plan(&w->settings, &w->count, &w->kinds, err);
    if (!w->plan)
        return -EINVAL;
    w->loop = study_loop_new(&w->settings, w->plan, w->count, w->kinds);
    return w->loop ? 0 : error_set(err, -ENOMEM, "out of memory");
}

int study_work_probes(const struct study_work *w, struct error *err)
{
    const struct study_settings *settings = &w->settings;
    char *argv[] = {settings->variants[0].name, NULL};
    const struct measure_options options = {
        .argv = argv, .probes = PROBES_WAITS, .stdout_fd = -1, .stderr_fd = -1};
    struct session *session = NULL;
    bool traced = settings->traced_reps || settings->ledger_reps || settings->perf_file;
    int rc = traced ? session_open(&options, &session, err) : 0;
    session_close(session);
    return rc || !settings->perf_file ? rc : perf_record_try(settings->perf_file, err);
}

int study_work_detach(struct error *err)
{
    stop_catch();
    return study_capture_detach_stdin(err);
}

/* Says and stores whether the machine was busy; a warning of before --resume stays. */
static int noise_store(const struct study_work *w, struct error *err)
{
    const struct study_tally *t = study_loop_tally(w->loop);
    char text[256];
    int rc = 0;
    if (noise_judge(&t->noise, text, sizeof(text))) {
        fprintf(stderr, "heapwait: warning: the machine was busy: %s; repeat the study when it is idle\n",
                text);
        rc = recording_set_host(w->recording, "warning_busy", text, err);
    }
    snprintf(text, sizeof(text), "%" PRIu64, t->noise.steal_ns);
    return rc ? rc : recording_set_host(w->recording, "steal_ns", text, err);
}

/* Measures what system calls and probes cost here: without it the ledger's user code holds the costs of both.
 */
static int calibration_make(const struct study_work *w, struct calibration *c, struct error *err)
{
    if (!w->settings.ledger_reps)
        return 0;
    int rc = calibrate_take("/proc/self/exe", CALIBRATION_ROUNDS, c, err);
    if (rc)
        return rc;
    const struct call_cost *null = &c->calls[CALL_NULL];
    fprintf(stderr, "heapwait: a null system call takes %.0f ns here, %.0f ns in mode ledger\n",
            null->untraced, null->traced);
    return 0;
}

/* Makes a new recording, with the facts of the machine and the settings; from now on FILE is this study's. */
static int recording_begin(struct study_work *w, struct error *err)
{
    struct calibration calibration = {0};
    int rc = calibration_make(w, &calibration, err);
    if (!rc)
        rc = recording_open(w->file, RECORDING_REPLACE, &w->recording, err);
    if (rc)
        return rc;
    rc = recording_facts_host(w->recording, &w->facts, HEAPWAIT_VERSION, err);
    if (!rc)
        rc = study_settings_store(&w->settings, w->count, w->recording, err);
    if (!rc && w->settings.perf_file)
        rc = perf_record_store(w->recording, NULL, err);
    if (!rc && w->settings.ledger_reps)
        rc = recording_facts_calibration(w->recording, &calibration, err);
    return rc ? rc : recording_publish(w->recording, err);
}

static int end_store(const struct study_work *w, struct error *err)
{
    const struct study_tally *t = study_loop_tally(w->loop);
    int rc = noise_store(w, err);
    if (!rc)
        rc = recording_facts_end(w->recording, err);
    if (!rc)
        rc = recording_set_study(w->recording, "finished", t->interrupted ? "0" : "1", err);
    return rc ? rc : recording_publish(w->recording, err);
}

static int runs_make(struct study_work *w, struct error *err)
{
    char duration[32];
    int rc = study_loop_warm_up(w->loop, err);
    if (rc)
        return rc;
    if (study_loop_left_ns(w->loop) != UINT64_MAX && !study_loop_tally(w->loop)->interrupted)
        fprintf(stderr, "heapwait: this will take about %s\n",
                progress_duration(duration, study_loop_left_ns(w->loop)));
    return study_loop_run(w->loop, w->recording, err);
}

int study_work_run(struct study_work *w, struct error *err)
{
    study_loop_watch(w->loop);
    int rc = w->recording ? 0 : recording_begin(w, err);
    long left = rc ? rc : study_loop_look(w->loop, w->recording, err);
    if (left < 0)
        return (int)left;
    if (left > 0)
        rc = runs_make(w, err);
    else
        fprintf(stderr, "heapwait: all of its runs are there already\n");
    struct error ignored = {""};
    int stored = left > 0 ? end_store(w, rc ? &ignored : err) : 0;
    return rc ? rc : stored;
}

void study_work_free(struct study_work *w)
{
    study_loop_free(w->loop);
    free(w->plan);
    study_settings_free(&w->settings);
    recording_close(w->recording);
}
