/* See folder.h. */
#include "plots/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *folder_write_failure(int code)
{
    return code == ENOSPC || code == EDQUOT ? "the disk is full; make room or choose another folder with -o"
                                            : strerror(code);
}

char *folder_path_join(const char *folder, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static int template_make(const char *target, char **out, struct error *err)
{
    struct stat st;
    char *copy = NULL;
    int rc = 0;
    if (stat(target, &st) == 0) {
        if (!S_ISDIR(st.st_mode))
            return error_set(err, -ENOTDIR,
                             "can't write the report into '%s': it is not a folder; choose another with -o",
                             target);
        rc = asprintf(out, "%s/.heapwait-report-XXXXXX", target);
    } else {
        copy = strdup(target);
        rc = copy ? asprintf(out, "%s/.heapwait-report-XXXXXX", dirname(copy)) : -1;
    }
    free(copy);
    return rc < 0 ? -ENOMEM : 0;
}

int folder_new(const char *target, char **out, struct error *err)
{
    *out = NULL;
    const int rc = template_make(target, out, err);
    if (rc < 0)
        return rc;
    if (mkdtemp(*out))
        return 0;
    const int code = errno;
    free(*out);
    *out = NULL;
    return error_set(err, -code, "can't write the report to '%s': %s%s", target, folder_write_failure(code),
                     code == EACCES || code == EROFS || code == ENOENT ? "; choose another folder with -o"
                                                                       : "");
}

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void folder_remove(const char *path)
{
    if (path)
        nftw(path, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

int folder_make(const char *path, struct error *err)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    return error_set(err, -errno, "can't make the folder '%s': %s", path, folder_write_failure(errno));
}

int folder_file_read(const char *path, char **bytes, size_t *size, struct error *err)
{
    struct stat st;
    *bytes = NULL;
    FILE *in = fopen(path, "re");
    if (!in)
        return error_set(err, -errno, "can't read '%s': %s", path, strerror(errno));
    int rc = fstat(fileno(in), &st) < 0 ? -errno : 0;
    if (rc == 0 && !(*bytes = calloc(1, (size_t)st.st_size + 1)))
        rc = -ENOMEM;
    if (rc == 0) {
        *size = fread(*bytes, 1, (size_t)st.st_size, in);
        if (ferror(in))
            rc = error_set(err, -EIO, "can't read '%s': %s", path, strerror(EIO));
    }
    fclose(in);
    if (rc < 0) {
        free(*bytes);
        *bytes = NULL;
    }
    return rc;
}

int folder_file_write(const char *path, const char *bytes, size_t size, struct error *err)
{
    FILE *out = fopen(path, "we");
    if (!out)
        return error_set(err, -errno, "can't write '%s': %s", path, folder_write_failure(errno));
    errno = 0;
    const int short_write = fwrite(bytes, 1, size, out) != size;
    const int code = errno;
    if (fclose(out) != 0 || short_write)
        return error_set(err, -(errno ? errno : EIO), "can't write '%s': %s", path,
                         folder_write_failure(code ? code : errno));
    return 0;
}

int folder_file_copy(const char *from, const char *to, struct error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    int rc = folder_file_read(from, &bytes, &size, err);
    if (rc == 0)
        rc = folder_file_write(to, bytes, size, err);
    free(bytes);
    return rc;
}

int folder_file_move(const char *from_folder, const char *to_folder, const char *name, struct error *err)
{
    char *from = folder_path_join(from_folder, name), *to = folder_path_join(to_folder, name);
    int rc = from && to ? 0 : -ENOMEM;
    if (rc == 0 && rename(from, to) < 0)
        rc = error_set(err, -errno, "can't write '%s': %s", to, folder_write_failure(errno));
    free(from);
    free(to);
    return rc;
}
