/* Measurements of programs that run already and do what they are told: attach_subject.c at the end of two
 * pipes, and a script of what happens while it is measured, called when the measurement has begun. */
#ifndef TESTS_PROBES_RUN_ATTACH_TRIAL_H
#define TESTS_PROBES_RUN_ATTACH_TRIAL_H

#include "probes/measurement/measurement.h"
#include "probes/run/target.h"
#include "tests/probes/run/trial.h"

#include <stdio.h>

/* Mode and session of all tests of the program. */
extern struct measure_options attach_plain;

struct subject {
    pid_t pid;
    FILE *to, *from;
};

void subject_start(struct subject *s);
void subject_tell(struct subject *s, const char *what); /* and waits until it is done */
/* Tells it to end with the status, and checks that it does; negative: it has been told. */
void subject_end(struct subject *s, int expected);

struct script {
    struct subject *subjects;
    size_t count;
    void (*act)(struct script *script, const struct measure_options *options);
    const char *folder;
};

/* For measure_options.begun. */
void script_act(void *context, const struct measure_options *options);
void act_several(struct script *script, const struct measure_options *options); /* 3, 5 and 11 wakes */

void target_measure(struct trial *t, struct target *target, struct script *script, uint64_t duration_ns);
struct target *target_of(const struct subject *subjects, size_t count);

/* Calls on known_word in the process; in all others when pid is negative. */
uint64_t wakes_of(const struct trial *t, pid_t pid);

#endif
