/* See datadir.h.  HEAPWAIT_DATA is read with secure_getenv: a heapwait that got capabilities by setcap must
 * not run another user's SQL or gnuplot scripts. */
#include "analysis/base/datadir.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 20 };

/* Writes the folder of the running executable, without a slash at its end, to folder[size].  0 or negative
 * errno, if /proc isn't there. */
static int executable_folder(char *folder, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", folder, size - 1);
    if (n < 0)
        return -errno;
    folder[n] = '\0';
    char *slash = strrchr(folder, '/');
    if (!slash)
        return -ENOENT;
    *slash = '\0';
    return 0;
}

static bool path_is_inside(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return !strncmp(path, folder, n) && (path[n] == '/' || path[n] == '\0');
}

/* Returns the joined path, malloc'd, if it can be read; else NULL. */
static char *path_readable(const char *folder, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return NULL;
    if (access(path, R_OK)) {
        free(path);
        return NULL;
    }
    return path;
}

/* In the source tree the plots are a folder of their own, everything else belongs to analysis/. */
static char *path_in_source(const char *name)
{
    bool plots = path_is_inside(name, "plots");
    return path_readable(plots ? HEAPWAIT_SOURCE_DIR : HEAPWAIT_SOURCE_DIR "/analysis", name);
}

char *datadir_path(const char *name, struct error *err)
{
    const char *given = secure_getenv("HEAPWAIT_DATA");
    if (given && *given) {
        char *path = path_readable(given, name);
        if (!path)
            error_set(err, -errno,
                      "HEAPWAIT_DATA is set to '%s', but '%s' can't be read there: %s; correct or unset it",
                      given, name, strerror(errno));
        return path;
    }
    char folder[PATH_MAX];
    int rc = executable_folder(folder, sizeof(folder));
    if (rc) {
        error_set(err, rc,
                  "can't tell where heapwait lies (/proc/self/exe: %s): set HEAPWAIT_DATA to its data folder",
                  strerror(-rc));
        return NULL;
    }
    char installed[PATH_MAX + sizeof("/" HEAPWAIT_DATA_FROM_BIN)];
    snprintf(installed, sizeof(installed), "%s/%s", folder, HEAPWAIT_DATA_FROM_BIN);
    char *path = path_readable(installed, name);
    if (!path && path_is_inside(folder, HEAPWAIT_BINARY_DIR))
        path = path_in_source(name);
    if (!path)
        error_set(err, -ENOENT,
                  "heapwait's file '%s' is not in '%s': install heapwait with `cmake --install`, or set "
                  "HEAPWAIT_DATA "
                  "to its data folder",
                  name, installed);
    return path;
}

char *datadir_read(const char *name, struct error *err)
{
    char *path = datadir_path(name, err), *text = malloc(FILE_BYTES_MAX);
    FILE *file = path && text ? fopen(path, "re") : NULL;
    const size_t n = file ? fread(text, 1, FILE_BYTES_MAX, file) : 0;
    const bool read = file && !ferror(file) && n < FILE_BYTES_MAX;
    if (read)
        text[n] = '\0';
    else if (path)
        error_set(err, -EIO, "can't read heapwait's own file '%s': %s", path,
                  n == FILE_BYTES_MAX ? "it is too long" : strerror(errno));
    if (file)
        fclose(file);
    if (!read) {
        free(text);
        text = NULL;
    }
    free(path);
    return text;
}
