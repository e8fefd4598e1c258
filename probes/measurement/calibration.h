/* What system calls cost on this machine, and what probes add: the answer of calibrate.h, which the recording
 * keeps. */
#ifndef HEAPWAIT_CALIBRATION_H
#define HEAPWAIT_CALIBRATION_H

enum call_kind { CALL_NULL, CALL_WAKE, CALL_WAIT, CALL_KINDS }; /* getppid; empty wake; EAGAIN wait */

/* "null", "wake", "wait": by enum call_kind. */
extern const char *const calibration_kind_names[CALL_KINDS];

/* Nanoseconds per call, medians of batches. */
struct call_cost {
    double untraced;
    double traced; /* in mode ledger */
    double seen;   /* of `traced`, between the two tracepoints */
};

struct calibration {
    struct call_cost calls[CALL_KINDS];
};

#endif
