/* perf's own records of what processes map, fork and execute, as the kernel writes them: one buffer for each
 * CPU, of all processes on the machine.  The surprising fact: the same records are to be had of one process
 * and its children only, but then the event is switched with each of their threads, which costs each switch
 * more than our probes do there. */
#ifndef HEAPWAIT_PERF_RINGS_H
#define HEAPWAIT_PERF_RINGS_H

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>

struct perf_rings;

/* 0 or negative errno; the records begin before it returns. */
int perf_rings_open(struct perf_rings **out);

/* Descriptors to poll: readable when a buffer is half full. */
const int *perf_rings_fds(const struct perf_rings *r, unsigned *count);

/* Gives what is in the buffers, of each CPU in its order: whole records, 8-byte aligned, valid during the
 * call. Each ends with the u64 time (CLOCK_MONOTONIC). */
typedef void perf_record_take(void *context, const struct perf_event_header *record);
void perf_rings_read(struct perf_rings *r, perf_record_take *take, void *context);

/* No more records from here on. */
void perf_rings_stop(struct perf_rings *r);

/* NULL is fine. */
void perf_rings_close(struct perf_rings *r);

#endif
