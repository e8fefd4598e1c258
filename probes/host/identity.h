/* The user whom a command runs as, when that is not who runs heapwait. */
#ifndef HEAPWAIT_IDENTITY_H
#define HEAPWAIT_IDENTITY_H

#include "analysis/base/error.h"

struct identity;

/* `user` is a name, or a number where nobody has such a name.  -ENOENT: there is no such user. */
int identity_find(const char *user, struct identity **out, struct error *err);
const char *identity_name(const struct identity *i);

/* In the child, before its exec: becomes the user (groups, group, user), and sets HOME, SHELL, USER and
 * LOGNAME as `sudo -u` does.  0 or an errno. */
int identity_take(const struct identity *i);

/* NULL is fine. */
void identity_free(struct identity *i);

#endif
