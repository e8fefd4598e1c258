/* What a system call costs on this machine, and what probes add to it.  Tracepoints see only the middle of a
 * call.  The rest lies between sys_exit and the next sys_enter, and the ledger books it as user code.  Here
 * loops of a known number of calls are run without probes and with them, so that this rest can be taken out
 * again.  docs/measuring.md gives the method and its error. */
#ifndef HEAPWAIT_CALIBRATE_H
#define HEAPWAIT_CALIBRATE_H

#include "analysis/base/error.h"
#include "probes/measurement/calibration.h"

#include <stddef.h>

/* Measures all kinds of calls without and with probes in turn, in 1 to CALIBRATION_ROUNDS rounds, and fills
 * *c.  A round takes one to two seconds, most of it to attach and detach.  `program` is run as `PROGRAM
 * calibration-loop KIND N`: it is heapwait itself.  0 or negative errno, with a sentence. */
enum { CALIBRATION_ROUNDS = 3 };
int calibrate_take(const char *program, unsigned rounds, struct calibration *c, struct error *err);

/* Writes by which hooks the session of mode ledger sees the kernel to text[size]: a calibration is of these.
 */
struct session;
void calibrate_hooks(const struct session *session, char *text, size_t size);

/* Makes `calls` calls of the kind in this thread now, and returns the CPU time of one in ns. */
double calibrate_cost(enum call_kind kind, long calls);

/* The loop as a program: makes `count` calls and prints what one took in ns.  Kind "idle" prints "idle PID"
 * and waits for a signal instead.  Returns an exit code: 0, 1 (can't print), 2 (no such kind). */
int calibrate_loop(const char *kind, const char *count);

#endif
