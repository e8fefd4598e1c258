/* One run of a study: the variant's command measured once, its output read, and the judgement whether it
 * counts.  Does not write the recording and prints nothing. */
#ifndef HEAPWAIT_STUDY_RUN_H
#define HEAPWAIT_STUDY_RUN_H

#include "cli/study/study_output.h"
#include "cli/study/study_settings.h"
#include "probes/host/host_load.h"
#include "probes/measurement/measurement.h"

struct study_run {
    struct measurement *m; /* NULL: it could not be executed, or the probes failed */
    char *command;         /* one line, with the placeholders replaced; malloc'd */
    struct said said;
    char failure[640]; /* "": the run counts */
    struct host_watched watched;
    double load_average; /* before the run; negative: not known */
};

/* Takes one run of the cell.  `session`: the probes, if they are attached already; NULL: a traced run
 * attaches its own.  0 or negative errno, with a sentence, for heapwait's own failures only: whatever happens
 * to the command, and probes that fail, is the run's failure.  *run is to be freed with study_run_free() in
 * either case. */
int study_run_take(const struct study_settings *s, const struct plan_cell *cell, struct session *session,
                   struct study_run *run, struct error *err);

void study_run_free(struct study_run *run);

/* Fills *options with how a run of this mode is measured, for a session of its own or one that a stretch of
 * runs shares. */
void study_run_probes(enum probe_mode probes, struct measure_options *options);

/* What a run is judged by.  Expected numbers are -1 if anything goes.  `must_say`: it is our own program,
 * which says what it did. */
struct study_ending {
    const struct run_outcome *outcome;
    const char *complaint; /* the last line on stderr, or "" */
    uint64_t timeout_ns;
    int said_rc; /* what study_output_read() returned */
    struct said said;
    int64_t expected_threads, expected_passwords;
    bool must_say;
};
/* Writes why the run doesn't count; "": it does.  Public for tests. */
void study_run_judge(const struct study_ending *e, char *failure, size_t size);

#endif
