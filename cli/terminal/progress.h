/* How far a long job is, on stderr: a bar that is redrawn on a terminal, a line for every tenth elsewhere.
 * Measures no time itself: the caller knows what is left. */
#ifndef HEAPWAIT_PROGRESS_H
#define HEAPWAIT_PROGRESS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct progress;

/* `out` is where it is drawn, `total` what `done` ends with.  NO_COLOR and TERM=dumb are honoured.  NULL: out
 * of memory; every function below accepts NULL and does nothing then. */
struct progress *progress_new(FILE *out, size_t total);

/* Shows how far the job is.  `label` says what is being done now; `left_ns` what is left in all, UINT64_MAX:
 * that is not known yet. */
void progress_show(struct progress *p, size_t done, const char *label, uint64_t left_ns);

/* Takes the bar away, so that a line can be printed in its place; the next progress_show() draws it again. */
void progress_hide(struct progress *p);

/* Takes the bar away, and frees. */
void progress_free(struct progress *p);

/* Shows on a terminal what is waited for that has no end in sight, until the next call; NULL: takes it away.
 * Elsewhere nothing is shown. */
void progress_phase(FILE *out, const char *what);

/* Writes one line of the bar, `width` columns at most: what progress_show() draws.  Public for tests. */
void progress_format(char *buffer, size_t size, unsigned width, size_t done, size_t total, const char *label,
                     uint64_t left_ns);

/* Writes a duration into buffer[32] and returns it: 4000000000 -> "4 s", 201 s -> "3 min 21 s", 2 h -> "2 h 0
 * min". */
char *progress_duration(char *buffer, uint64_t ns);

#endif
