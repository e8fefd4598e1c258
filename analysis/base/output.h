/* The one rule for whatever heapwait writes to a name: the folder may be reached through links, as any path,
 * but a link at the name itself is left alone; whoever calls heapwait through sudo owns what it makes.
 *
 * int results are 0 or negative errno, with a sentence. */
#ifndef HEAPWAIT_OUTPUT_H
#define HEAPWAIT_OUTPUT_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Refuses (-EEXIST) a symbolic link at `name` in `folder`, a descriptor or AT_FDCWD.  `path` is what the user
 * calls it, `what` the kind of thing that he is to name instead: "file" or "folder". */
int output_refuse_link(int folder, const char *name, const char *path, const char *what, struct error *err);

/* Opens the folder `name` in `folder`, which must not be a link; `make`: makes it if it isn't there.  `path`
 * is what the user calls it.  *fd is the caller's, good for looking up names in it; -ENOENT: it isn't there.
 */
int output_folder_open(int folder, const char *name, int make, const char *path, int *fd, struct error *err);

/* Opens the folder that `path` lies in, which is reached through links as any path, and sets *name to
 * `path`'s last name, malloc'd; "." for a path that has none. */
int output_parent_open(const char *path, int *fd, char **name, struct error *err);

/* Returns true if this is root's process and sudo says who called it: then *user and *group are set to his.
 */
bool output_owner(uid_t *user, gid_t *group);

/* Gives a file or a folder that heapwait, as root, has just made to who called sudo.  Does nothing where
 * nobody did.  What can't be given away stays root's: output_ungiven() tells. */
void output_give_owner(int fd);

/* Returns why the last of them that stayed root's did, an errno; 0: none did. */
int output_ungiven(void);

#endif
