/* Files and folders of a report in the making: a private folder beside where it shall go, and the move at the
 * end. Everything that may fail is done before the first file of an older report is touched. */
#ifndef HEAPWAIT_FOLDER_H
#define HEAPWAIT_FOLDER_H

#include "analysis/base/error.h"

#include <stddef.h>

/* A new private folder on `target`'s file system: inside it when it exists, else beside it.  malloc'd path.
 */
int folder_new(const char *target, char **out, struct error *err);
/* Removes the folder with everything in it; does not follow symbolic links.  NULL is fine. */
void folder_remove(const char *path);
/* Makes the folder where it isn't yet. */
int folder_make(const char *path, struct error *err);

/* Why a file could not be written, with the remedy for a full disk; `code` is an errno. */
const char *folder_write_failure(int code);

/* "FOLDER/NAME", malloc'd, NULL when out of memory. */
char *folder_path_join(const char *folder, const char *name);

int folder_file_read(const char *path, char **bytes, size_t *size, struct error *err);
int folder_file_write(const char *path, const char *bytes, size_t size, struct error *err);
int folder_file_copy(const char *from, const char *to, struct error *err);
int folder_file_move(const char *from_folder, const char *to_folder, const char *name, struct error *err);

#endif
