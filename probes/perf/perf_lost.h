/* How many samples a session's file says were lost, event by event: perf asks the kernel at its end and
 * writes a record of each (PERF_RECORD_LOST_SAMPLES), which many a perf script leaves out. */
#ifndef HEAPWAIT_PERF_LOST_H
#define HEAPWAIT_PERF_LOST_H

#include <stdint.h>

/* Walks over the file's records, of which it reads the heads alone.  Returns the sum; 0 also if the file is
 * no perf.data, or can't be read.  What a damaged file holds behind the damage is not seen. */
uint64_t perf_lost_count(const char *path);

#endif
