/* One run of a study: the variant's command measured once, its output read, and the judgement whether it
 * counts. Does not write the recording and prints nothing. */
#ifndef HEAPWAIT_STUDY_RUN_H
#define HEAPWAIT_STUDY_RUN_H

#include "cli/study/study_output.h"
#include "cli/study/study_settings.h"
#include "probes/host/host_load.h"
#include "probes/measurement/measurement.h"

struct study_run {
    struct measurement *m; /* NULL: it could not be executed, or the probes failed */
    char *command;         /* one line, placeholders replaced */
    struct said said;
    char failure[640]; /* "": the run counts */
    struct host_watched watched;
    double load_average; /* before the run; negative: not known */
};

/* What the run is asked for: the cell's thread count (0: the command's own) and how it is traced.
 * `session`: the probes, where they are attached already; NULL: a traced run attaches its own. Negative errno
 * with a sentence only for heapwait's own failures; whatever happens to the command, and probes that fail, is
 * the run's failure.  Free in either case. */
int study_run_take(const struct study_settings *s, const struct plan_cell *cell, struct session *session,
                   struct study_run *run, struct error *err);

void study_run_free(struct study_run *run);

/* How a run of this mode is measured: for its own session, or for the one that a stretch of runs shares. */
void study_run_probes(enum probe_mode probes, struct measure_options *options);

/* The judgement alone, for tests: `expected` are -1 where anything goes.  `must_say`: our own program. */
struct study_ending {
    const struct run_outcome *outcome;
    const char *complaint; /* the last line on stderr, or "" */
    uint64_t timeout_ns;
    int said_rc; /* what study_output_read() returned */
    struct said said;
    int64_t expected_threads, expected_passwords;
    bool must_say;
};
void study_run_judge(const struct study_ending *e, char *failure, size_t size);

#endif
