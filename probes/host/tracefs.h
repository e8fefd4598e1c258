/* Numbers of tracepoints, from tracefs, mounted or not.  Changes nothing that others could see: where tracefs
 * is not mounted, a mount that belongs to nothing but a file descriptor is used, and is gone with it. */
#ifndef HEAPWAIT_TRACEFS_H
#define HEAPWAIT_TRACEFS_H

/* Returns a descriptor of tracefs' root folder, which the caller closes, or negative errno; -EACCES: tracefs
 * is there, but not for this user. */
int tracefs_open(void);

/* Returns the number of the event GROUP/NAME, as perf_event_attr.config wants it; negative errno: there is no
 * such event. */
int tracefs_event(int tracefs, const char *group, const char *name);

#endif
