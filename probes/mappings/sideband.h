/* Which files a process had mapped, and when: read from perf's own records (mmap, fork, exec), which the
 * kernel writes at the moment it happens, so that a process may live for 5 ms or die by a signal. What
 * they tell becomes a history of address spaces (probes/mappings/spaces.h). */
#ifndef HEAPWAIT_SIDEBAND_H
#define HEAPWAIT_SIDEBAND_H

#include "analysis/base/error.h"
#include "probes/mappings/spaces.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sideband;

/* `pids`: only what these and their descendants map is kept; NULL: what all do.  Of those that run already
 * the mappings so far are to be given by sideband_present(). */
int sideband_open(const pid_t *pids, size_t count, struct sideband **out, struct error *err);

/* Takes the mappings that the process has now from /proc/PID/maps, in front of all its records; leaves it at
 * those when they are complete.  0 or negative errno (-ENOENT, -ESRCH: it has ended). */
int sideband_present(struct sideband *s, uint32_t pid);

/* Descriptors to poll: readable when the buffers are half full. */
const int *sideband_fds(const struct sideband *s, unsigned *count);

/* Takes what is in the buffers. */
void sideband_read(struct sideband *s);

/* Puts what is surely complete (a second old) into the history: for who names words while it runs. */
int sideband_update(struct sideband *s);

/* Puts the records in order of time and builds the spaces; call once, at the end. */
int sideband_finish(struct sideband *s);

/* The space that `pid` had at the time, NULL when not known.  Valid after sideband_finish(), or
 * from one sideband_update() to the next. */
const struct address_space *sideband_space(const struct sideband *s, uint32_t pid, uint64_t time_ns);

/* Records that the kernel had to drop (buffers full). */
uint64_t sideband_lost(const struct sideband *s);

/* Processes that lived, but whose mappings may not be read. */
uint64_t sideband_unread(const struct sideband *s);

/* NULL is fine. */
void sideband_close(struct sideband *s);

#endif
