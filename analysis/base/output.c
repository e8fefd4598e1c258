/* See output.h. */
#include "analysis/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int output_refuse_link(int folder, const char *name, const char *path, const char *what, struct error *err)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISLNK(st.st_mode))
        return 0;
    return error_set(err, -EEXIST, "'%s' is a symbolic link; it is left alone: name another %s with -o", path,
                     what);
}

int output_folder_open(int folder, const char *name, int make, const char *path, int *fd, struct error *err)
{
    int rc = output_refuse_link(folder, name, path, "folder", err);
    *fd = -1;
    if (rc)
        return rc;
    const bool made = make && mkdirat(folder, name, 0777) == 0;
    if (make && !made && errno != EEXIST)
        return error_set(err, -errno, "can't make the folder '%s': %s", path, strerror(errno));
    *fd = openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd < 0)
        return error_set(err, -errno,
                         errno == ENOTDIR ? "'%s' can't be used: it is not a folder; choose another with -o"
                                          : "can't use the folder '%s': %s",
                         path, strerror(errno));
    if (made) {
        const int readable = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        output_give_owner(readable); /* an O_PATH descriptor can't be given away */
        if (readable >= 0)
            close(readable);
    }
    return 0;
}

int output_parent_open(const char *path, int *fd, char **name, struct error *err)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') /* "link/" would be followed */
        length--;
    char *copy = strndup(path, length);
    *fd = -1;
    *name = NULL;
    if (!copy)
        return error_set(err, -ENOMEM, "out of memory");
    char *slash = strrchr(copy, '/');
    const char *last = slash ? slash + 1 : copy;
    const bool inside = !*last || !strcmp(last, ".") || !strcmp(last, ".."); /* these are never links */
    *name = strdup(inside ? "." : last);
    if (!inside && slash)
        *(slash == copy ? slash + 1 : slash) = '\0';
    const char *parent = inside || slash ? copy : ".";
    *fd = *name ? open(*parent ? parent : "/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    const int rc = *fd >= 0 ? 0
                   : *name  ? error_set(err, -errno,
                                        "there is no folder '%s' for '%s' (%s): make it, or choose "
                                         "another folder with -o",
                                        parent, path, strerror(errno))
                            : error_set(err, -ENOMEM, "out of memory");
    free(copy);
    return rc;
}

/* Reads a number that sudo has set.  Returns false where there is none. */
static bool number_read(const char *variable, uint32_t *number)
{
    const char *text = secure_getenv(variable);
    char *end;
    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    const unsigned long long read = strtoull(text, &end, 10);
    *number = (uint32_t)read;
    return !errno && !*end && read < UINT32_MAX;
}

bool output_owner(uid_t *user, gid_t *group)
{
    return !getuid() && !geteuid() && number_read("SUDO_UID", user) && number_read("SUDO_GID", group);
}

static int ungiven;

void output_give_owner(int fd)
{
    uid_t user;
    gid_t group;
    struct stat st;
    if (fd < 0 || !output_owner(&user, &group) || !fchown(fd, user, group))
        return;
    const int code = errno;
    if (fstat(fd, &st) || st.st_uid != user) /* a file system without owners may say that all is his */
        ungiven = code;
}

int output_ungiven(void)
{
    return ungiven;
}
