/* perf's own records of what processes map, fork and execute, as the kernel writes them: one buffer for each
 * CPU, of all processes on the machine.  The same records are to be had of one process and its children only;
 * but then the event is switched with each of their threads, which costs each switch more than our probes do
 * there. */
#ifndef HEAPWAIT_PERF_RINGS_H
#define HEAPWAIT_PERF_RINGS_H

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>

struct perf_rings;

/* Sets *out to be closed with perf_rings_close().  The records begin before it returns.  0 or negative errno.
 */
int perf_rings_open(struct perf_rings **out);

/* Returns *count descriptors to poll, owned by *r: one is readable when its buffer is half full. */
const int *perf_rings_fds(const struct perf_rings *r, unsigned *count);

/* Gives what is in the buffers to `take`: the records of one CPU in their order, then those of the next. Each
 * is whole, aligned to 8 bytes, and valid during the call; its last 8 bytes are the time (CLOCK_MONOTONIC,
 * ns). */
typedef void perf_record_take(void *context, const struct perf_event_header *record);
void perf_rings_read(struct perf_rings *r, perf_record_take *take, void *context);

/* Ends the records; those in the buffers can still be read. */
void perf_rings_stop(struct perf_rings *r);

/* NULL is fine. */
void perf_rings_close(struct perf_rings *r);

#endif
