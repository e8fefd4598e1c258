/* The options of `heapwait record`: what is run or attached to, how, and where the recording goes. */
#ifndef HEAPWAIT_RECORD_OPTIONS_H
#define HEAPWAIT_RECORD_OPTIONS_H

#include "probes/bpf/abi.h"
#include "probes/measurement/measurement.h"

#include <sys/types.h>

struct record_options {
    const char *output;
    enum probe_mode mode;
    bool mode_given; /* by the user */
    uint32_t max_words;
    bool calibrate;
    bool by_perf;         /* the collector is perf */
    char *const *command; /* NULL: none */
    enum follow_scope scope;
    pid_t pids[WANTED_PROCESSES];
    size_t pid_count;
    const char *cgroup, *user, *libc;
    struct debug_files *debug_files; /* NULL: none was given */
    uint64_t duration_ns;            /* 0: no end by time */
    bool perf;
    const char *perf_file; /* NULL: named after the recording */
};

/* Returns -1: go on with *o, whose debug_files are the caller's to free; else the exit code, and what was to
 * be printed has been. */
int record_options_parse(int argc, char **argv, struct record_options *o);

#endif
