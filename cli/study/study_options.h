/* The command line of `heapwait study`, as given: nothing is filled in here, so that --resume can tell what
 * was asked for from what is the default.  See study_settings.h for what comes of it. */
#ifndef HEAPWAIT_STUDY_OPTIONS_H
#define HEAPWAIT_STUDY_OPTIONS_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STUDY_MAX_THREADS = 4096,
    STUDY_MAX_THREAD_COUNTS = 64,
    STUDY_MAX_REPS = 1000,
    STUDY_MAX_TIMEOUT_S = 86400,
};
#define STUDY_MAX_PASSWORDS UINT64_C(1000000000)

/* --variant NAME=COMMAND. */
struct given_variant {
    char *name;
    const char *command; /* points into argv */
};

struct study_options {
    const char *file;                          /* never NULL: the default is filled in */
    const char *variants;                      /* the LIST as given; NULL: all */
    unsigned threads[STUDY_MAX_THREAD_COUNTS]; /* sorted, each once */
    size_t thread_count;                       /* 0: not given */
    uint64_t passwords;                        /* 0: not given */
    uint64_t timeout_ns;                       /* 0: not given */
    uint64_t seed;
    int reps, traced_reps, ledger_reps; /* -1: not given; traced_reps: mode waits */
    bool seed_given, quick, resume, no_probes, perf, help;
    struct given_variant *given;
    size_t given_count;
};

/* Reads the command line into *o, which is to be freed with study_options_free() after an error, too.  0 or
 * negative errno, with a sentence; -EINVAL: the user must change something. */
int study_options_parse(int argc, char **argv, struct study_options *o, struct error *err);
void study_options_free(struct study_options *o);

/* Reads a list such as "1,2,22" into threads[STUDY_MAX_THREAD_COUNTS], sorted, each once.  0 or -EINVAL,
 * without a sentence. */
int study_options_threads(const char *list, unsigned *threads, size_t *count);

/* Sorts and removes what is there twice.  Returns the new count. */
size_t study_options_threads_tidy(unsigned *threads, size_t count);

#endif
