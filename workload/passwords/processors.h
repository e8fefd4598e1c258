/* How many processors this process may use. */
#ifndef PASSWORDS_PROCESSORS_H
#define PASSWORDS_PROCESSORS_H

/* The number of processors in the affinity mask; at least 1.  Not the number of those in the machine: under
 * taskset or in a container the two differ. */
unsigned processors_available(void);

#endif
