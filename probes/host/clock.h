/* The clocks that everything is told by. */
#ifndef HEAPWAIT_CLOCK_H
#define HEAPWAIT_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* CLOCK_MONOTONIC, which is also the probes' clock. */
uint64_t clock_monotonic_ns(void);

/* The date, UTC, ISO 8601. */
void clock_date(char *buffer, size_t size);

#endif
