/* See study_loop.h. */
#include "cli/study/study_loop.h"

#include "cli/study/study_run.h"
#include "cli/terminal/stop.h"
#include "probes/host/clock.h"
#include "probes/session/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What has been said about a variant once and is not said again. */
struct said_once {
    bool given_up, passwords;
};

struct study_loop {
    const struct study_settings *settings;
    const struct plan_cell *plan;
    size_t count;
    bool *there; /* by cell: it is in the recording */
    struct said_once *once;
    struct history *history;
    struct progress *progress;
    struct session *session; /* kept over a stretch of traced runs */
    enum probe_mode session_mode;
    struct study_tally tally;
};

struct study_loop *study_loop_new(const struct study_settings *s, const struct plan_cell *plan, size_t count,
                                  size_t kinds)
{
    struct study_loop *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    *l = (struct study_loop){.settings = s, .plan = plan, .count = count};
    l->there = calloc(count + 1, sizeof(*l->there));
    l->once = calloc(s->present_count + 1, sizeof(*l->once));
    l->history = history_new(s->present_count, kinds);
    l->progress = progress_new(stderr, count);
    if (!l->there || !l->once || !l->history || !l->progress) {
        study_loop_free(l);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        history_expect(l->history, &plan[i]);
    return l;
}

void study_loop_free(struct study_loop *l)
{
    if (!l)
        return;
    session_close(l->session);
    free(l->there);
    free(l->once);
    history_free(l->history);
    progress_free(l->progress);
    free(l);
}

const struct study_tally *study_loop_tally(const struct study_loop *l)
{
    return &l->tally;
}

void study_loop_watch(struct study_loop *l)
{
    noise_begin(&l->tally.noise);
}

uint64_t study_loop_left_ns(const struct study_loop *l)
{
    return history_left_ns(l->history);
}

static void __attribute__((format(printf, 2, 3))) loop_say(struct study_loop *l, const char *format, ...)
{
    va_list args;
    progress_hide(l->progress);
    fputs("heapwait: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* Writes "musl, 22 threads, ledger". */
static void cell_describe(const struct study_loop *l, const struct plan_cell *cell, char *buffer, size_t size)
{
    const char *name = l->settings->variants[cell->variant].name;
    static const char *const kinds[] = {"", ", waits", ", ledger"};
    const char *traced = cell->rep || cell->probes == PROBES_NONE ? kinds[cell->probes] : ", perf";
    if (cell->threads)
        snprintf(buffer, size, "%s, %u thread%s%s", name, cell->threads, cell->threads == 1 ? "" : "s",
                 traced);
    else
        snprintf(buffer, size, "%s%s", name, traced);
}

long study_loop_look(struct study_loop *l, struct recording *r, struct error *err)
{
    for (size_t i = 0; i < l->count; i++) {
        int there = recording_has_position(r, (int64_t)i + 1);
        if (there < 0)
            return error_set(err, there, "can't read the recording's runs");
        l->there[i] = there;
        l->tally.found += (size_t)there;
        if (there)
            history_skip(l->history, &l->plan[i]);
    }
    return (long)(l->count - l->tally.found);
}

/* Returns true if a signal came, to us or (from the terminal, to the process group) to a run. */
static bool run_interrupted(const struct study_run *run)
{
    return stop_asked() || (run->m && run->m->outcome.interrupted);
}

int study_loop_warm_up(struct study_loop *l, struct error *err)
{
    const struct study_settings *s = l->settings;
    int rc = 0;
    for (size_t i = 0; i < s->present_count && !rc && !l->tally.interrupted; i++) {
        struct study_run run;
        struct plan_cell cell = {.variant = (unsigned)i};
        if (!s->variants[i].own_threads)
            cell.threads = s->threads[s->thread_count / 2];
        char label[128];
        snprintf(label, sizeof(label), "warm-up: %s", s->variants[i].name);
        progress_show(l->progress, l->tally.found, label, UINT64_MAX);
        uint64_t start = clock_monotonic_ns();
        rc = study_run_take(s, &cell, NULL, &run, err);
        l->tally.interrupted = run_interrupted(&run);
        if (!rc && !l->tally.interrupted) {
            history_warm_up(l->history, cell.variant, clock_monotonic_ns() - start, run.failure[0]);
            if (run.failure[0])
                loop_say(l, "warning: the warm-up of %s failed: %s", s->variants[i].name, run.failure);
        }
        study_run_free(&run);
    }
    progress_hide(l->progress);
    return rc;
}

static struct run_info info_make(const struct study_loop *l, size_t index)
{
    const struct plan_cell *cell = &l->plan[index];
    const struct study_variant *v = &l->settings->variants[cell->variant];
    struct run_info info = run_info_unknown(v->command);
    info.variant = v->name;
    info.libc = v->libc;
    info.linkage = v->linkage;
    info.allocator = v->allocator;
    if (cell->threads)
        info.threads = (int64_t)cell->threads;
    if (!v->given || words_have(&v->words, PLACEHOLDER_PASSWORDS))
        info.passwords = (int64_t)l->settings->passwords;
    info.rep = cell->rep;
    info.position = (int64_t)index + 1;
    info.probes = cell->probes;
    return info;
}

/* Keeps a run at FILE at once: whatever happens to the study then, what is measured is kept. */
static int run_keep(struct recording *r, const struct run_info *info, const struct measurement *m,
                    struct error *err)
{
    int rc = recording_add_run(r, info, m, err);
    return rc ? rc : recording_publish(r, err);
}

/* Writes the row that stands for a run which would only have wasted time. */
static int cell_give_up(struct study_loop *l, size_t index, unsigned failures, struct recording *r,
                        struct error *err)
{
    const struct plan_cell *cell = &l->plan[index];
    struct said_once *once = &l->once[cell->variant];
    struct run_info info = info_make(l, index);
    char failure[128];
    snprintf(failure, sizeof(failure), "not run: given up after %u failures in a row", failures);
    info.failure = failure;
    int rc = run_keep(r, &info, NULL, err);
    if (rc)
        return rc;
    history_skip(l->history, cell);
    l->tally.given_up++;
    if (!once->given_up) {
        char what[128];
        cell_describe(l, cell, what, sizeof(what));
        loop_say(l, "warning: %s: given up after %u failures; such runs are recorded as not run from here on",
                 what, failures);
    }
    once->given_up = true;
    return 0;
}

static void run_count(struct study_loop *l, const struct plan_cell *cell, const struct study_run *run)
{
    struct study_tally *t = &l->tally;
    uint64_t lost = run->m ? measurement_lost(run->m) : 0;
    t->done++;
    t->failed += run->failure[0] != '\0';
    t->traced += cell->probes != PROBES_NONE && run->m;
    t->traced_with_loss += lost > 0;
    t->lost += lost;
    if (run->m)
        noise_add(&t->noise, &run->watched);
}

static void run_comment(struct study_loop *l, size_t index, const struct study_run *run)
{
    const struct plan_cell *cell = &l->plan[index];
    struct said_once *once = &l->once[cell->variant];
    char what[128];
    cell_describe(l, cell, what, sizeof(what));
    if (run->failure[0])
        loop_say(l, "warning: run %zu (%s) failed: %s", index + 1, what, run->failure);
    else if (run->said.passwords >= 0 && l->settings->passwords &&
             (uint64_t)run->said.passwords != l->settings->passwords && !once->passwords) {
        loop_say(l,
                 "warning: %s makes %" PRId64 " passwords where the study asks for %" PRIu64
                 ": put {passwords} into its command, or its times can't be compared",
                 l->settings->variants[cell->variant].name, run->said.passwords, l->settings->passwords);
        once->passwords = true;
    }
}

static int run_record(const struct study_loop *l, size_t index, const struct study_run *run,
                      struct recording *r, struct error *err)
{
    struct run_info info = info_make(l, index);
    info.command = run->command;
    info.failure = run->failure[0] ? run->failure : NULL;
    info.load_average = run->load_average;
    info.reported_ns = run->said.elapsed_ns;
    if (run->said.threads >= 0)
        info.threads = run->said.threads;
    if (run->said.passwords >= 0)
        info.passwords = run->said.passwords;
    if (run->m && run->watched.foreign_ns != INT64_MIN)
        info.foreign_cpu_ns = run->watched.foreign_ns > 0 ? run->watched.foreign_ns : 0;
    return run_keep(r, &info, run->m, err);
}

/* Attaches probes for a stretch of traced runs; while an untraced one is timed none are attached.  If they
 * can't be, the session stays NULL, and the run will fail and say why. */
static void session_switch(struct study_loop *l, enum probe_mode probes)
{
    struct measure_options options;
    struct error ignored = {""};
    study_run_probes(probes, &options);
    if (l->session && l->session_mode != probes) {
        session_close(l->session);
        l->session = NULL;
    }
    if (probes != PROBES_NONE && !l->session && session_open(&options, &l->session, &ignored))
        l->session = NULL;
    l->session_mode = probes;
}

static int cell_run(struct study_loop *l, size_t index, struct recording *r, struct error *err)
{
    const struct plan_cell *cell = &l->plan[index];
    struct study_run run;
    uint64_t start = clock_monotonic_ns();
    session_switch(l, cell->probes);
    int rc = study_run_take(l->settings, cell, l->session, &run, err);
    if (!run.m)
        session_switch(l, PROBES_NONE); /* the next traced run starts with a fresh one */
    /* a run that a signal ended is dropped; one that was through when it came counts */
    bool dropped = !rc && (run.m ? run.m->outcome.interrupted : stop_asked());
    if (!rc && !dropped)
        rc = run_record(l, index, &run, r, err);
    if (!rc && !dropped) {
        run_count(l, cell, &run);
        history_note(l->history, cell, clock_monotonic_ns() - start, run.failure[0]);
        run_comment(l, index, &run);
    }
    l->tally.interrupted = dropped || stop_asked();
    study_run_free(&run);
    return rc;
}

int study_loop_run(struct study_loop *l, struct recording *r, struct error *err)
{
    char label[128];
    int rc = 0;
    l->tally.interrupted |= stop_asked();
    for (size_t i = 0; i < l->count && !rc && !l->tally.interrupted; i++) {
        if (l->there[i])
            continue;
        size_t through = l->tally.found + l->tally.done + l->tally.given_up;
        unsigned failures = history_given_up(l->history, &l->plan[i]);
        cell_describe(l, &l->plan[i], label, sizeof(label));
        progress_show(l->progress, through, label, history_left_ns(l->history));
        rc = failures ? cell_give_up(l, i, failures, r, err) : cell_run(l, i, r, err);
        l->tally.interrupted |= stop_asked();
    }
    if (!rc && !l->tally.interrupted)
        progress_show(l->progress, l->count, "", 0);
    progress_hide(l->progress);
    return rc;
}
