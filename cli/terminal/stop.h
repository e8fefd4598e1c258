/* The wish to stop: SIGINT, SIGTERM and SIGHUP, noted between runs.  While a command runs its launch takes
 * them (probes/run/launch.h) and says so in the run's outcome. */
#ifndef HEAPWAIT_STOP_H
#define HEAPWAIT_STOP_H

#include <stdbool.h>

/* From here on these signals end the work, not the process (unless they are ignored). */
void stop_catch(void);
/* Returns true if one has come since. */
bool stop_asked(void);

#endif
