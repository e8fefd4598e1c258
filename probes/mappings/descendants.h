/* Which processes are chosen ones or descend from them, told by the forks that are seen. */
#ifndef HEAPWAIT_DESCENDANTS_H
#define HEAPWAIT_DESCENDANTS_H

#include <stdbool.h>
#include <stdint.h>

struct descendants;

/* NULL: out of memory. */
struct descendants *descendants_new(void);

/* 0 or -ENOMEM. */
int descendants_add(struct descendants *d, uint32_t pid);

bool descendants_have(const struct descendants *d, uint32_t pid);

/* Its number is another process's now. */
void descendants_remove(struct descendants *d, uint32_t pid);

/* NULL is fine. */
void descendants_free(struct descendants *d);

#endif
