/* What a system call costs on this machine, and what probes add to it.  Tracepoints see only the middle of a
 * call: the rest lies between sys_exit and the next sys_enter, which the ledger books as user code.  Here
 * loops of calls of known number are run without probes and with them, so that the rest can be taken out
 * again. docs/measuring.md gives the method and its error. */
#ifndef HEAPWAIT_CALIBRATE_H
#define HEAPWAIT_CALIBRATE_H

#include "analysis/base/error.h"
#include "probes/measurement/calibration.h"

/* With and without probes in turns, `rounds` times, of 1 to CALIBRATION_ROUNDS: each takes one to two
 * seconds, most of it to attach and detach.  `program` is run as `PROGRAM calibration-loop KIND N`: heapwait
 * itself. */
enum { CALIBRATION_ROUNDS = 3 };
int calibrate_take(const char *program, unsigned rounds, struct calibration *c, struct error *err);

/* CPU time per call in ns, of `calls` calls of the kind made by this thread now. */
double calibrate_cost(enum call_kind kind, long calls);

/* The loop as a program: makes `count` calls, prints what one took in ns.  Kind "idle" prints "idle PID" and
 * waits for a signal.  An exit code. */
int calibrate_loop(const char *kind, const char *count);

#endif
