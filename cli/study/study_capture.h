/* What a command writes on stdout and stderr.  The last part is kept in memory, the rest is read and dropped,
 * so that a command that prints gigabytes neither blocks nor fills anything.  A thread reads while the
 * measurement waits.
 *
 * int results are 0 or negative errno, with a sentence. */
#ifndef HEAPWAIT_STUDY_CAPTURE_H
#define HEAPWAIT_STUDY_CAPTURE_H

#include "analysis/base/error.h"

#include <stddef.h>

/* At least so much of the end is kept of each stream. */
enum { CAPTURE_KEPT = 64 * 1024 };

struct capture;

/* Opens the pipes and starts to read.  *out is to be freed with capture_free(). */
int capture_start(struct capture **out, struct error *err);

/* Return what the command gets as stdout and stderr, owned by the capture. */
int capture_stdout_fd(const struct capture *c);
int capture_stderr_fd(const struct capture *c);

/* To be called after the command's end: takes what is still in the pipes and stops, even if a child of the
 * command that was left behind holds them open.  May be called twice. */
void capture_finish(struct capture *c);

/* After capture_finish(): returns the end of stdout, owned by the capture; NUL bytes in it are replaced by
 * '?'. */
const char *capture_stdout(const struct capture *c);

/* After capture_finish(): writes the last line of stderr that is not empty, made fit for a terminal and cut
 * to the buffer; "" if there is none. */
void capture_complaint(const struct capture *c, char *buffer, size_t size);

/* NULL is fine. */
void capture_free(struct capture *c);

/* Gives this process and what it starts an empty stdin: a command in a process group of its own would be
 * stopped for reading the terminal. */
int study_capture_detach_stdin(struct error *err);

/* Copies `line` (to its end or newline) as printable ASCII; what is not becomes '?'. */
void study_capture_tame(const char *line, char *buffer, size_t size);

#endif
