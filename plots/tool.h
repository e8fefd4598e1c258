/* Runs the programs that draw: gnuplot, poppler's and Typst's.  By argv, never through a shell; in a folder
 * of our own, with an environment in which the same input gives the same bytes.  What they print is read
 * back: gnuplot reports most errors on stderr only and exits 0. */
#ifndef HEAPWAIT_TOOL_H
#define HEAPWAIT_TOOL_H

#include "analysis/base/error.h"

#include <stdint.h>

struct tool_output {
    char *text;      /* stdout */
    char *complaint; /* stderr */
    int status;      /* exit status, 128 + signal */
};

/* Runs argv (argv[0] is searched for in PATH) in `folder`; `epoch` (seconds) is the time it shall take for
 * now. 0: it ran; -ENOENT: there is no such program; -EINTR: the user wants to stop.  Others: it could not be
 * started. */
int tool_run(const char *folder, int64_t epoch, const char *const *argv, struct tool_output *out,
             struct error *err);
void tool_output_free(struct tool_output *out);

/* The same, and it must succeed in silence: a status or any complaint is an error that quotes its first line.
 */
int tool_must(const char *folder, int64_t epoch, const char *const *argv, struct error *err);

/* The sentence for a program that failed: a full disk where that is why, else its own complaint.  -ENOSPC,
 * -EPROTO. */
int tool_failed(const char *folder, const char *name, const char *complaint, int length, int status,
                struct error *err);

/* Whether `name` is in PATH. */
int tool_exists(const char *name);

#endif
