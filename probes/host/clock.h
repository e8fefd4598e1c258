/* The clocks that everything is told by. */
#ifndef HEAPWAIT_CLOCK_H
#define HEAPWAIT_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Returns the time of CLOCK_MONOTONIC, which is also the probes' clock. */
uint64_t clock_monotonic_ns(void);

/* Returns the CPU time that this process has used, all its threads together, in ns. */
uint64_t clock_process_ns(void);

/* Writes the present date and time, UTC, as ISO 8601 has it, into buffer[size]. */
void clock_date(char *buffer, size_t size);

#endif
