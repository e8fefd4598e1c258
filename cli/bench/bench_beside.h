/* What untraced processes pay while another one is traced: a loop of null system calls beside a command that
 * does nothing. */
#ifndef HEAPWAIT_BENCH_BESIDE_H
#define HEAPWAIT_BENCH_BESIDE_H

#include "analysis/base/error.h"
#include "probes/measurement/measurement.h"

/* Runs options->argv, which must print a line "idle PID" on its stdout once it is traced; then times the loop
 * in this process, which nothing follows, and ends PID.  Returns the CPU time of one call in ns; negative: it
 * failed. */
double bench_beside_time(const struct measure_options *options, struct error *err);

#endif
