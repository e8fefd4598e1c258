/* The runs of a study, one after another, into the recording: warm-ups, the plan's cells, what failed, what
 * is given up, and the stop when a signal comes.  Talks on stderr; decides neither what is run nor in which
 * order. */
#ifndef HEAPWAIT_STUDY_LOOP_H
#define HEAPWAIT_STUDY_LOOP_H

#include "cli/study/noise.h"
#include "cli/study/study_history.h"
#include "cli/study/study_settings.h"
#include "cli/terminal/progress.h"
#include "probes/recording/recording.h"

/* What came of the runs of this call (not of those that --resume found). */
struct study_tally {
    size_t done, failed, given_up, found; /* found: in the recording already */
    size_t traced, traced_with_loss;
    uint64_t lost; /* events, in all traced runs */
    struct noise noise;
    bool interrupted;
};

struct study_loop;

/* Everything is borrowed.  NULL when out of memory. */
struct study_loop *study_loop_new(const struct study_settings *s, const struct plan_cell *plan, size_t count,
                                  size_t kinds);
void study_loop_free(struct study_loop *l);

/* Marks the positions that `r` has already; returns how many are left, or negative errno. */
long study_loop_look(struct study_loop *l, struct recording *r, struct error *err);

/* One run of every variant, not recorded.  Negative errno: heapwait's own failure. */
int study_loop_warm_up(struct study_loop *l, struct error *err);

/* The best guess of the time that the runs will take; UINT64_MAX: unknown. */
uint64_t study_loop_left_ns(const struct study_loop *l);

/* All that is left.  0 when the plan is through or a signal came (tally.interrupted). */
int study_loop_run(struct study_loop *l, struct recording *r, struct error *err);

const struct study_tally *study_loop_tally(const struct study_loop *l);

/* Looks at the machine's load before the first run. */
void study_loop_watch(struct study_loop *l);

#endif
