/* What a run of a variant says about itself on stdout: in JSON (our own programs, asked by --json) or in the
 * line "Generating N passwords with T threads took M ms" (the original program's, and ours without --json).
 * The text comes from a program that may be anyone's: it is judged, never trusted. */
#ifndef HEAPWAIT_STUDY_OUTPUT_H
#define HEAPWAIT_STUDY_OUTPUT_H

#include <stdint.h>

/* -1: not said. */
struct said {
    int64_t threads, passwords, elapsed_ns;
};

/* Reads either form; the last such line counts.  0; -ENOENT: neither is there; -EINVAL: it is there and makes
 * no sense.  After an error all of *said is -1. */
int study_output_read(const char *text, struct said *said);

#endif
