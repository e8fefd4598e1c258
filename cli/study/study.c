/* heapwait study: every variant at every thread count, several times, in random order, into one recording.
 * This file puts the parts together and talks; see study_options.h (what was asked for), study_settings.h
 * (what is done), study_plan.h (in which order), study_run.h (one run), study_loop.h (all of them),
 * study_work.h (from settings to a recording). */
#include "analysis/answer/comparison.h"
#include "cli/study/study_work.h"
#include "cli/terminal/command.h"
#include "cli/terminal/output.h"
#include "probes/host/host.h"
#include "probes/host/host_load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_INTERRUPTED = 130 }; /* 128 + SIGINT, as shells have it */

struct study {
    const struct study_options *options;
    struct study_work work;
};

static void usage_print(void)
{
    puts("usage: heapwait study [OPTION...]\n"
         "\n"
         "Runs every variant of the password program at every thread count, several times,\n"
         "untraced (for the time) and traced (for the counts), in random order, into one\n"
         "recording.\n"
         "\n"
         "  -o, --output FILE        the recording (heapwait.db); an older one is kept as\n"
         "                           FILE.old\n"
         "      --quick              100000 passwords instead of 1000000: under a minute\n"
         "                           for all variants\n"
         "      --variants LIST      only these, with commas between; `none`: only those\n"
         "                           given by --variant\n"
         "      --variant NAME=COMMAND\n"
         "                           anyone's program as one more variant, repeatable;\n"
         "                           {threads} and {passwords} in COMMAND are replaced; a\n"
         "                           line \"Generating N passwords with T threads took M\n"
         "                           ms\" on its stdout is read; quotes work, no shell is\n"
         "                           involved\n"
         "      --threads LIST       thread counts (1, the cores, twice the cores, 22)\n"
         "      --passwords N        passwords per run (1000000)\n"
         "      --reps N             untraced runs of each variant and thread count (6;\n"
         "                           more where it takes more to judge all comparisons at\n"
         "                           once: 11 for ten variants at four thread counts)\n"
         "      --traced-reps N      those in mode waits, which count futex calls (1)\n"
         "      --ledger-reps N      those in mode ledger, which account for every\n"
         "                           nanosecond (2; 1 with --quick)\n"
         "      --perf               one more run of each, sampled by perf, for a flame\n"
         "                           graph\n"
         "      --no-probes          no traced runs: needs no privilege\n"
         "      --timeout S          a run that takes longer is killed and recorded as\n"
         "                           failed (120)\n"
         "      --seed N             of the random order; it is printed, and the same one\n"
         "                           gives the same order\n"
         "      --resume             go on with the study in FILE that was interrupted\n"
         "  -h, --help               this text\n"
         "\n"
         "Ctrl-C keeps the finished runs.  Exit status: 0, 1 no run succeeded, 2 wrong\n"
         "usage, 125 heapwait's own failure (nothing is run without the privilege that the\n"
         "traced runs need), 130 interrupted.");
}

static int settings_from_options(struct study *s, struct error *err)
{
    struct variant_list table = {0};
    int rc = study_settings_need_table(s->options) ? variants_load(&table, err) : 0;
    if (!rc)
        rc = study_settings_make(s->options, &table, &s->work.settings, err);
    variants_free(&table);
    return rc;
}

/* Warns if the study was begun on another machine: its times can't be compared. */
static void host_compare(struct study *s)
{
    char difference[512] = "";
    struct error ignored = {""};
    study_settings_host_differs(recording_descriptor(s->work.recording), s->options->file, &s->work.facts,
                                difference, sizeof(difference));
    if (!*difference)
        return;
    fprintf(stderr, "heapwait: warning: %s: times of before and after can't be compared\n", difference);
    recording_set_host(s->work.recording, "warning_resumed", difference, &ignored);
}

static int settings_from_recording(struct study *s, struct error *err)
{
    const char *file = s->options->file;
    if (access(file, F_OK))
        return error_set(err, -errno, "can't resume '%s': %s; without --resume it is made", file,
                         strerror(errno));
    int rc = recording_open(file, RECORDING_RESUME, &s->work.recording, err);
    if (!rc && recording_has_position(s->work.recording, 0) < 0)
        rc = error_set(err, -EIO, "'%s' is damaged or of another version: it can't be resumed", file);
    if (!rc)
        rc = study_settings_load(recording_descriptor(s->work.recording), file, &s->work.settings, err);
    return rc ? rc : study_settings_agree(&s->work.settings, s->options, err);
}

static void plan_announce(const struct study *s)
{
    const struct study_settings *p = &s->work.settings;
    char threads[STUDY_MAX_THREAD_COUNTS * 6];
    study_settings_threads(p->threads, p->thread_count, threads, sizeof(threads));
    fprintf(stderr,
            "heapwait: %zu variant%s, threads %s, %" PRIu64
            " passwords, %u untraced runs of each, %u in mode waits, %u in mode ledger%s:"
            " %zu runs, seed %" PRIu64 "\n",
            p->present_count, p->present_count == 1 ? "" : "s", threads, p->passwords, p->reps,
            p->traced_reps, p->ledger_reps, p->perf_file ? ", one with perf" : "", s->work.count, p->seed);
    const double comparisons = study_settings_comparisons(p);
    if (comparisons > 1 && !s->options->resume && p->reps < comparison_rounds_least(comparisons))
        fprintf(stderr,
                "heapwait: %u untraced run%s of each can't tell %.0f comparisons at once; --reps %u can\n",
                p->reps, p->reps == 1 ? "" : "s", comparisons, comparison_rounds_least(comparisons));
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

static int end_announce(const struct study *s)
{
    const struct study_tally *t = study_loop_tally(s->work.loop);
    const char *file = s->options->file;
    fprintf(stderr, "heapwait: %zu of %zu runs in %s", t->found + t->done + t->given_up, s->work.count, file);
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

static int study_perform(struct study *s, struct error *err)
{
    int rc = study_work_prepare(&s->work, err);
    if (!rc && !s->work.recording)
        rc = recording_check(s->work.file, err);
    if (!rc && study_work_probes(&s->work, err))
        rc = -EPERM;
    if (rc)
        return rc;
    plan_announce(s);
    if (s->work.recording)
        host_compare(s);
    return study_work_run(&s->work, err);
}

static int study_run_all(const struct study_options *o)
{
    struct study s = {.options = o, .work = {.file = o->file}};
    struct error err = {""};
    host_facts_read(&s.work.facts, "");
    int rc = o->resume ? settings_from_recording(&s, &err) : settings_from_options(&s, &err);
    int code = rc ? output_failed(&err, rc == -EINVAL ? EXIT_USAGE : EXIT_HEAPWAIT) : EXIT_OK;
    if (!rc) {
        rc = study_work_detach(&err);
        if (!rc)
            rc = study_perform(&s, &err);
        code = rc ? output_failed(&err, EXIT_HEAPWAIT) : end_announce(&s);
    }
    study_work_free(&s.work);
    return code;
}

int study_main(int argc, char **argv)
{
    struct study_options options;
    struct error err = {""};
    int code = EXIT_OK;
    if (study_options_parse(argc, argv, &options, &err))
        code = output_failed(&err, EXIT_USAGE);
    else if (options.help)
        usage_print();
    else
        code = study_run_all(&options);
    study_options_free(&options);
    return code;
}
