/* The calibration of this machine, kept until it is booted anew, so that a ledger of a short program starts
 * at once.  It lies in a folder that nobody but this user can write to.  What is found there is read as
 * hostile all the same, and used only if it was made by this very heapwait, on this boot, for these hooks. */
#ifndef HEAPWAIT_CALIBRATION_KEEP_H
#define HEAPWAIT_CALIBRATION_KEEP_H

#include "probes/measurement/calibration.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes the folder's path to path[size]: /run/heapwait of root, heapwait in XDG_RUNTIME_DIR of others.
 * Returns false if there is none for this user: a heapwait with lent rights trusts no environment. */
bool calibration_keep_folder(char *path, size_t size);

/* Reads what is kept in `folder`.  Returns true and fills *c if it is this machine's, this boot's and this
 * heapwait's.  Whether its hooks are still those that sessions get is to be checked by the caller, by
 * c->hooks. */
bool calibration_keep_read(const char *folder, struct calibration *c);

/* Keeps *c in `folder`, which is made if it is not there.  Returns false if it can't be kept; that only costs
 * time. */
bool calibration_keep_write(const char *folder, const struct calibration *c);

#endif
