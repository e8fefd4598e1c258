/* Runs the programs that draw: gnuplot, poppler's and Typst's.  They are run by argv, never through a shell,
 * in a folder of our own, with an environment in which the same input gives the same bytes.  What they print
 * is read back: gnuplot reports most errors on stderr only and exits with 0.  They end with heapwait, and
 * what each may use up is bounded: CPU time, memory, the files that it writes, and the time to wait for it.
 *
 * Results are 0 or negative errno; the sentence is in `err`, but for -ENOMEM. */
#ifndef HEAPWAIT_TOOL_H
#define HEAPWAIT_TOOL_H

#include "analysis/base/error.h"

#include <stdint.h>

struct tool_output {
    char *text;      /* stdout */
    char *complaint; /* stderr */
    int status;      /* exit status, 128 + signal */
};

/* Runs argv (argv[0] is searched for in PATH) in `folder`; `epoch`, in seconds since 1970, is the time that
 * it shall take for now.  0: it ran, and *out is to be freed with tool_output_free(); -ENOENT: there is no
 * such program; -EINTR: the user wants to stop; -ETIME: it took too long; others: it could not be started. */
int tool_run(const char *folder, int64_t epoch, const char *const *argv, struct tool_output *out,
             struct error *err);
void tool_output_free(struct tool_output *out);

/* Runs it, and it must succeed in silence: a status or any complaint is an error that quotes the last line of
 * it. */
int tool_must(const char *folder, int64_t epoch, const char *const *argv, struct error *err);

/* Says why a program failed: a full disk if that is why (-ENOSPC), else its own complaint of `length` bytes,
 * or its status (-EPROTO). */
int tool_failed(const char *folder, const char *name, const char *complaint, int length, int status,
                struct error *err);

/* Returns 1 if `name` is in PATH, else 0. */
int tool_exists(const char *name);

#endif
