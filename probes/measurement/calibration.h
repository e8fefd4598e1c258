/* What system calls cost on this machine, and what probes add: the answer of calibrate.h, which the recording
 * keeps in its table `host`. */
#ifndef HEAPWAIT_CALIBRATION_H
#define HEAPWAIT_CALIBRATION_H

enum call_kind { CALL_NULL, CALL_WAKE, CALL_WAIT, CALL_KINDS }; /* getppid; empty wake; EAGAIN wait */

/* The kinds' names, by enum call_kind: "null", "wake", "wait". */
extern const char *const calibration_kind_names[CALL_KINDS];

/* CPU time of one call in ns, the median of batches. */
struct call_cost {
    double untraced;
    double traced; /* with the probes of mode ledger */
    double seen;   /* the part of `traced` that lies between the two tracepoints */
};

struct calibration {
    struct call_cost calls[CALL_KINDS];
    char hooks[128];     /* what the probes sat on, in words: another set costs something else */
    char taken_at[32];   /* UTC, ISO 8601 */
    double load_average; /* of the minute before; negative: not known */
};

#endif
