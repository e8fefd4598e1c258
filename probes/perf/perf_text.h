/* The text that a perf script printed of a session, kept in a file: what it says of itself, in the comments
 * that perf script --header begins with, and what can be told from its records. */
#ifndef HEAPWAIT_PERF_TEXT_H
#define HEAPWAIT_PERF_TEXT_H

#include "probes/perf/perf_input.h"
#include "probes/perf/perf_session.h"

/* Reads the whole file once and adds to *s what it tells.  What isn't seen is taken not to be there: a text
 * without comments can't tell that an event was recorded and never happened.  0 or negative errno, with a
 * sentence; -EINVAL: no line is a record with the fields that an import needs, and the sentence has the
 * command that prints them. */
int perf_text_read(const struct perf_input *in, struct perf_session *s, struct error *err);

#endif
