/* See study_run.h. */
#include "cli/study/study_run.h"

#include "cli/study/study_capture.h"
#include "probes/host/host.h"
#include "probes/run/measure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Writes how the process ended, if not well.  Returns 0 if it ended well. */
static int ending_judge(const struct study_ending *e, char *failure, size_t size)
{
    const struct run_outcome *o = e->outcome;
    const char *name = o->term_signal ? sigabbrev_np(o->term_signal) : NULL;
    if (o->timed_out)
        return snprintf(failure, size, "still running after %g s, killed (--timeout)",
                        (double)e->timeout_ns / 1e9);
    if (o->term_signal)
        return snprintf(failure, size, "died by signal %d (%s%s)%s%s", o->term_signal, name ? "SIG" : "",
                        name ? name : "unnamed", *e->complaint ? ": " : "", e->complaint);
    if (o->left_behind)
        return snprintf(failure, size, "it went on after it was killed, and was left behind");
    if (o->exit_status)
        return snprintf(failure, size, "exit status %d%s%s", o->exit_status, *e->complaint ? ": " : "",
                        e->complaint);
    return 0;
}

static int number_judge(const char *what, int64_t said, int64_t expected, char *failure, size_t size)
{
    if (said < 0 || expected < 0 || said == expected)
        return 0;
    return snprintf(failure, size,
                    "it says that it made the run with %" PRId64 " %s, but was asked for %" PRId64, said,
                    what, expected);
}

void study_run_judge(const struct study_ending *e, char *failure, size_t size)
{
    *failure = '\0';
    if (ending_judge(e, failure, size) ||
        number_judge("passwords", e->said.passwords, e->expected_passwords, failure, size) ||
        number_judge("threads", e->said.threads, e->expected_threads, failure, size))
        return;
    if (e->said_rc == -EINVAL)
        snprintf(failure, size, "its line about the time it took can't be read");
    else if (e->must_say && (e->said.elapsed_ns < 0 || e->said.passwords < 0 || e->said.threads < 0))
        snprintf(failure, size,
                 "it ended well without saying how many passwords it made, how and in what time");
}

void study_run_probes(enum probe_mode probes, struct measure_options *options)
{
    *options = (struct measure_options){
        .probes = probes,
        .stdout_fd = -1,
        .stderr_fd = -1,
        .sample_period_ns = SAMPLE_PERIOD_NS,
        .no_sample_paths = true, /* perf takes them, in a run of its own */
        .timeline_after_ns = TIMELINE_AFTER_NS,
        .timeline_length_ns = TIMELINE_LENGTH_NS,
    };
}

/* Returns the assignments at the front of `words` as a list of their own, malloc'd; the strings stay the
 * words'. */
static char **environment_list(const struct words *words)
{
    size_t n = words_assignments(words);
    char **list = calloc(n + 1, sizeof(*list));
    if (list)
        memcpy(list, words->items, n * sizeof(*list));
    return list;
}

/* Measures the run; what goes wrong becomes the run's failure. */
static void run_measure(const struct study_settings *s, const struct words *words,
                        const struct plan_cell *cell, const struct capture *c, struct session *session,
                        struct study_run *run)
{
    struct measure_options options;
    study_run_probes(cell->probes, &options);
    options.argv = words->items + words_assignments(words);
    char **environment = environment_list(words);
    options.environment = environment;
    options.session = cell->probes != PROBES_NONE ? session : NULL;
    options.stdout_fd = capture_stdout_fd(c);
    options.stderr_fd = capture_stderr_fd(c);
    options.own_group = true;
    options.timeout_ns = s->timeout_ns;
    options.perf_file = cell->rep == 0 && options.session ? s->perf_file : NULL;
    struct host_watch watch;
    struct error why = {""};
    bool exec_failed = false;
    run->load_average = host_load_average();
    host_watch_start(&watch);
    int rc = environment ? measure_run(&options, &run->m, &exec_failed, &why) : -ENOMEM;
    const struct run_outcome *o = !rc ? &run->m->outcome : NULL;
    host_watch_end(&watch, o ? o->user_ns + o->system_ns : 0, &run->watched);
    if (o && o->attached)
        run->watched.foreign_ns =
            INT64_MIN; /* what the command used is not known, so others' share isn't either */
    free(environment);
    if (options.perf_file)
        unlink(options.perf_file); /* the recording has what it tells */
    if (!rc && run->m->perf_failure)
        study_capture_tame(run->m->perf_failure, run->failure, sizeof(run->failure));
    if (rc)
        study_capture_tame(why.text[0] ? why.text : strerror(-rc), run->failure, sizeof(run->failure));
}

static void run_judge(const struct study_settings *s, const struct plan_cell *cell, const struct words *words,
                      const struct capture *c, struct study_run *run)
{
    const struct study_variant *v = &s->variants[cell->variant];
    char complaint[256];
    capture_complaint(c, complaint, sizeof(complaint));
    struct study_ending ending = {
        .outcome = &run->m->outcome,
        .complaint = complaint,
        .timeout_ns = s->timeout_ns,
        .said_rc = study_output_read(capture_stdout(c), &run->said),
        .expected_threads = cell->threads ? (int64_t)cell->threads : -1,
        .expected_passwords = words_have(words, PLACEHOLDER_PASSWORDS) ? (int64_t)s->passwords : -1,
        .must_say = !v->given,
    };
    ending.said = run->said;
    study_run_judge(&ending, run->failure, sizeof(run->failure));
    if (run->said.threads < 0)
        run->said.threads = ending.expected_threads;
    if (run->said.passwords < 0)
        run->said.passwords = ending.expected_passwords;
}

int study_run_take(const struct study_settings *s, const struct plan_cell *cell, struct session *session,
                   struct study_run *run, struct error *err)
{
    const struct words *template = &s->variants[cell->variant].words;
    struct words words;
    struct capture *capture = NULL;
    *run = (struct study_run){.said = {-1, -1, -1}};
    int rc = words_fill(template, cell->threads, s->passwords, &words);
    if (!rc && !(run->command = words_join(&words)))
        rc = -ENOMEM;
    if (rc) {
        error_set(err, rc, "out of memory");
        goto out;
    }
    rc = capture_start(&capture, err);
    if (rc)
        goto out;
    run_measure(s, &words, cell, capture, session, run);
    capture_finish(capture);
    if (run->m)
        run_judge(s, cell, template, capture, run);
out:
    capture_free(capture);
    words_free(&words);
    return rc;
}

void study_run_free(struct study_run *run)
{
    measurement_free(run->m);
    free(run->command);
    *run = (struct study_run){0};
}
