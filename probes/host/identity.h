/* The user whom a command runs as, when that is not who runs heapwait. */
#ifndef HEAPWAIT_IDENTITY_H
#define HEAPWAIT_IDENTITY_H

#include "analysis/base/error.h"

struct identity;

/* Finds a user by name, or by number where nobody has such a name.  0 or negative errno, with a sentence;
 * -ENOENT: there is no such user.  *out is to be freed with identity_free(). */
int identity_find(const char *user, struct identity **out, struct error *err);
/* Returns the user's name, owned by *i. */
const char *identity_name(const struct identity *i);

/* Returns the names of the environment's variables that identity_take() drops, separated by ", ", malloc'd;
 * NULL: there are none. */
char *identity_dropped(void);

/* In the child, before its exec: becomes the user (groups, group, user), sets HOME, SHELL, USER and LOGNAME
 * as `sudo -u` does, and drops what belongs to the session of who calls: sudo's own variables, mail, folders,
 * sockets and keys.  0 or a positive errno. */
int identity_take(const struct identity *i);

/* NULL is fine. */
void identity_free(struct identity *i);

#endif
