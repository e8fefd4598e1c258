/* Files and folders of a report in the making: a private folder beside where it shall go, and the move at the
 * end.  Everything that may fail is done before the first file of an older report is touched.  All names are
 * looked up in folders that were opened once, and no link is followed.
 *
 * int results are 0 or negative errno; the sentence is in `err`, but for -ENOMEM. */
#ifndef HEAPWAIT_FOLDER_H
#define HEAPWAIT_FOLDER_H

#include "analysis/base/error.h"

#include <stddef.h>

struct folder;

/* Makes a new private folder on `target`'s file system, inside `target` if it exists, else beside it; those
 * that killed reports have left there are removed.  *out is to be freed with folder_remove(). */
int folder_new(const char *target, struct folder **out, struct error *err);
/* Returns the private folder's path, for this process and its children before their exec, owned by it. */
const char *folder_path(const struct folder *f);
/* Removes the private folder with its files, and frees.  NULL is fine. */
void folder_remove(struct folder *f);

/* Refuses (-EEXIST) a place in the target that is a link: `name` in its folder `sub`, or that folder itself.
 * `sub` NULL: in the target. */
int folder_place_check(const struct folder *f, const char *sub, const char *name, struct error *err);
/* Moves the file to the target's folder `sub`, which is made if it isn't there; what lies there is replaced.
 * If there is no such file in the private folder, what lies there is removed. */
int folder_publish(struct folder *f, const char *sub, const char *name, struct error *err);

/* Returns why a file could not be written, with the remedy for a full disk; `code` is an errno.  The text is
 * static, or strerror()'s. */
const char *folder_write_failure(int code);

/* Returns "FOLDER/NAME", malloc'd; NULL: out of memory. */
char *folder_path_join(const char *folder, const char *name);

/* Reads a whole file: *bytes is malloc'd, with a NUL behind the `size` bytes. */
int folder_file_read(const char *path, char **bytes, size_t *size, struct error *err);
/* Writes a whole file, or copies one; what lies there is overwritten. */
int folder_file_write(const char *path, const char *bytes, size_t size, struct error *err);
int folder_file_copy(const char *from, const char *to, struct error *err);

#endif
