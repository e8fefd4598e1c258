/* Which processes are chosen ones or descend from them, told by the forks that are seen. */
#ifndef HEAPWAIT_DESCENDANTS_H
#define HEAPWAIT_DESCENDANTS_H

#include <stdbool.h>
#include <stdint.h>

struct descendants;

/* Returns an empty set; NULL: out of memory. */
struct descendants *descendants_new(void);

/* Adds a process, chosen or forked by one of the set.  0 or -ENOMEM. */
int descendants_add(struct descendants *d, uint32_t pid);

/* Returns true if the process is in the set. */
bool descendants_have(const struct descendants *d, uint32_t pid);

/* Takes a number out of the set: it is another process's now. */
void descendants_remove(struct descendants *d, uint32_t pid);

/* NULL is fine. */
void descendants_free(struct descendants *d);

#endif
