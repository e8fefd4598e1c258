/* Which files a process had mapped, and when: read from perf's own records (mmap, fork, exec), which the
 * kernel writes at the moment it happens, so that a process may live for 5 ms or die by a signal. Owns the
 * perf events; what they tell becomes a history of address spaces (probes/spaces.h). */
#ifndef HEAPWAIT_SIDEBAND_H
#define HEAPWAIT_SIDEBAND_H

#include "probes/error.h"
#include "probes/spaces.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sideband;

/* Opens one event per CPU on the process and all its descendants to come. */
int sideband_open(pid_t pid, struct sideband **out, struct error *err);

/* Descriptors to poll: readable when the buffers are half full. */
const int *sideband_fds(const struct sideband *s, unsigned *count);

/* Takes what is in the buffers. */
void sideband_read(struct sideband *s);

/* Puts the records in order of time and builds the spaces; call once, at the end. */
int sideband_finish(struct sideband *s);

/* The space that `pid` had at the time, NULL when not known.  Valid after sideband_finish(). */
const struct address_space *sideband_space(const struct sideband *s, uint32_t pid, uint64_t time_ns);

/* Records that the kernel had to drop (buffers full). */
uint64_t sideband_lost(const struct sideband *s);

/* NULL is fine. */
void sideband_close(struct sideband *s);

#endif
