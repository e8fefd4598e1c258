/* From settings to a recording: what `study` and `try` have in common.  Plans, tries the privilege, runs all
 * and keeps it; says on stderr how it goes.  What was asked for, and what is made of the recording, is the
 * caller's.
 *
 * int results are 0 or negative errno, with a sentence. */
#ifndef HEAPWAIT_STUDY_WORK_H
#define HEAPWAIT_STUDY_WORK_H

#include "cli/study/study_loop.h"
#include "cli/study/study_settings.h"
#include "probes/host/host.h"

struct study_work {
    const char *file;
    struct study_settings settings;
    struct host_facts facts;     /* read at the start: the warm-ups would show in the load average */
    struct recording *recording; /* open already when a study is resumed; else made by study_work_run() */
    struct plan_cell *plan;
    size_t count, kinds;
    struct study_loop *loop;
};

/* Makes the plan of the settings, and room for its runs.  -EINVAL: the settings ask for too much. */
int study_work_prepare(struct study_work *w, struct error *err);

/* Checks that the probes that the settings ask for can be attached.  No command is run, no recording written.
 */
int study_work_probes(const struct study_work *w, struct error *err);

/* To be called before the first run: from here on signals end the work, not the process, and the commands get
 * an empty stdin. */
int study_work_detach(struct error *err);

/* Runs all that is left.  A half-made study keeps what it has. */
int study_work_run(struct study_work *w, struct error *err);

/* Frees what *w holds, and closes the recording. */
void study_work_free(struct study_work *w);

#endif
