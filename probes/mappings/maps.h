/* What /proc/PID/maps says: the files that a process has mapped as code, now. */
#ifndef HEAPWAIT_MAPS_H
#define HEAPWAIT_MAPS_H

#include "probes/mappings/spaces.h"

#include <stdbool.h>

/* Calls `take` for each executable mapping of a file, in the order of addresses.  *m and its path are valid
 * during the call.  The path is as the process sees it, from its own root; a file that is gone has "
 * (deleted)" behind it.  0 or negative errno; -ENOENT, -ESRCH: there is no such process (any more). */
int maps_read(uint32_t pid, void (*take)(void *context, const struct mapping *m), void *context);

/* Reads one line of the file, without its line end, into *m, whose path is a part of the line.  Returns false
 * if it is no executable mapping of a file. */
bool maps_parse(char *line, struct mapping *m);

#endif
