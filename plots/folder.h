/* Files and folders of a report in the making: a private folder beside where it shall go, and the move at the
 * end.  Everything that may fail is done before the first file of an older report is touched.
 *
 * int results are 0 or negative errno; the sentence is in `err`, but for -ENOMEM. */
#ifndef HEAPWAIT_FOLDER_H
#define HEAPWAIT_FOLDER_H

#include "analysis/base/error.h"

#include <stddef.h>

/* Makes a new private folder on `target`'s file system, inside `target` if it exists, else beside it.  *out
 * is its path, malloc'd. */
int folder_new(const char *target, char **out, struct error *err);
/* Removes the folder with everything in it; does not follow symbolic links.  NULL is fine. */
void folder_remove(const char *path);
/* Makes the folder if it isn't there yet. */
int folder_make(const char *path, struct error *err);

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
/* Renames the file to the other folder, on the same file system; what lies there is replaced. */
int folder_file_move(const char *from_folder, const char *to_folder, const char *name, struct error *err);

#endif
