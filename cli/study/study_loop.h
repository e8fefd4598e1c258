/* The runs of a study, one after another, into the recording: warm-ups, the plan's cells, what failed, what
 * is given up, and the stop when a signal comes.  Talks on stderr; decides neither what is run nor in which
 * order.
 *
 * Results are 0 or negative errno, with a sentence, which is heapwait's own failure: what becomes of a run is
 * in its row. */
#ifndef HEAPWAIT_STUDY_LOOP_H
#define HEAPWAIT_STUDY_LOOP_H

#include "cli/study/noise.h"
#include "cli/study/study_history.h"
#include "cli/study/study_settings.h"
#include "cli/terminal/progress.h"
#include "probes/recording/recording.h"

/* What came of the runs of this call (not of those that --resume found). */
struct study_tally {
    size_t done, failed, given_up, found; /* found: were in the recording already */
    size_t traced, traced_with_loss;
    uint64_t lost; /* events, in all traced runs */
    struct noise noise;
    bool interrupted;
};

struct study_loop;

/* Everything is borrowed until study_loop_free().  NULL: out of memory. */
struct study_loop *study_loop_new(const struct study_settings *s, const struct plan_cell *plan, size_t count,
                                  size_t kinds);
/* NULL is fine. */
void study_loop_free(struct study_loop *l);

/* Marks the positions that `r` has already.  Returns how many are left, or negative errno. */
long study_loop_look(struct study_loop *l, struct recording *r, struct error *err);

/* Runs every variant once, which is not recorded. */
int study_loop_warm_up(struct study_loop *l, struct error *err);

/* Returns the best guess of the time that the runs will take, in ns; UINT64_MAX: unknown. */
uint64_t study_loop_left_ns(const struct study_loop *l);

/* Runs all that is left.  0: the plan is through, or a signal came (tally.interrupted). */
int study_loop_run(struct study_loop *l, struct recording *r, struct error *err);

/* Returns the tally up to now, owned by *l. */
const struct study_tally *study_loop_tally(const struct study_loop *l);

/* Looks at the machine's load before the first run. */
void study_loop_watch(struct study_loop *l);

#endif
