/* Which files a process had mapped, and when: read from perf's own records (mmap, fork, exec), which the
 * kernel writes at the moment it happens, so that a process may live for 5 ms or die by a signal. What
 * they tell becomes a history of address spaces (probes/mappings/spaces.h). */
#ifndef HEAPWAIT_SIDEBAND_H
#define HEAPWAIT_SIDEBAND_H

#include "analysis/base/error.h"
#include "probes/mappings/spaces.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sideband;

/* Opens the kernel's records.  Only what the `count` processes `pids` and their descendants map is kept;
 * NULL: what all do.  For a process that runs already sideband_present() has to be called.  0 or negative
 * errno, with a sentence; *out is to be closed with sideband_close(). */
int sideband_open(const pid_t *pids, size_t count, struct sideband **out, struct error *err);

/* Takes the mappings that the process has now from /proc/PID/maps and puts them in front of all its records,
 * unless these are complete by themselves.  0 or negative errno; -ENOENT, -ESRCH: it has ended. */
int sideband_present(struct sideband *s, uint32_t pid);

/* Returns *count descriptors to poll, owned by *s; when one is readable sideband_read() is due. */
const int *sideband_fds(const struct sideband *s, unsigned *count);

/* Takes the records that are in the kernel's buffers. */
void sideband_read(struct sideband *s);

/* Puts the records that are surely complete, which are those a second old, into the history.  For who names
 * words while the recording goes on.  0 or negative errno. */
int sideband_update(struct sideband *s);

/* Puts all records into the history, in order of time.  To be called once, at the end.  0 or negative errno.
 */
int sideband_finish(struct sideband *s);

/* Returns the address space that `pid` had at the time (CLOCK_MONOTONIC); NULL: not known.  Valid after
 * sideband_finish(), or from one sideband_update() to the next. */
const struct address_space *sideband_space(const struct sideband *s, uint32_t pid, uint64_t time_ns);

/* Forgets the mappings of processes that have ended, once these are as many as those that live, and closes
 * their files.  For who goes on for long; what sideband_space() has returned is not valid any more then.
 * Returns whether it has forgotten any. */
bool sideband_forget(struct sideband *s);

/* Returns how many records were lost because the kernel's buffers were full. */
uint64_t sideband_lost(const struct sideband *s);

/* Returns how many processes lived when sideband_present() came, but don't let heapwait read their mappings.
 */
uint64_t sideband_unread(const struct sideband *s);

/* NULL is fine. */
void sideband_close(struct sideband *s);

#endif
