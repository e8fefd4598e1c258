/* A folder for the files of a test, removed with all that lies in it. */
#ifndef TESTS_PROBES_FOLDER_H
#define TESTS_PROBES_FOLDER_H

#include <stddef.h>

/* The folder's path; fails the test when it can't be made. */
const char *folder_make(void);
void folder_remove(void);

/* PATH of `name` in the folder; two results live at a time. */
const char *folder_path(const char *name);
void folder_file_write(const char *path, const void *bytes, size_t size);
/* malloc'd, with a NUL behind it. */
char *file_slurp(const char *path, size_t *size);

#endif
