/* See folder.h. */
#include "plots/folder.h"

#include "analysis/base/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
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

/* Names are looked up in the descriptors; the strings are for sentences. */
struct folder {
    char *target;      /* as the user calls it */
    char *target_name; /* in `parent` */
    int parent;        /* where the target lies */
    int target_fd;     /* -1: it isn't there yet */
    int where;         /* where the private folder lies: one of the two above */
    int own;           /* the private folder */
    char name[32];     /* in `where` */
    char path[32];
};

static int target_find(struct folder *f, struct error *err)
{
    struct error why = {""};
    int rc = output_parent_open(f->target, &f->parent, &f->target_name, &why);
    if (!rc)
        rc = output_folder_open(f->parent, f->target_name, 0, f->target, &f->target_fd, &why);
    if (rc && rc != -ENOENT)
        error_set(err, rc, "can't write the report to '%s': %s", f->target, why.text);
    else if (rc && f->parent < 0)
        return error_set(err, rc, "can't write the report to '%s': %s", f->target, why.text);
    return rc == -ENOENT ? 0 : rc;
}

/* ---- the private folder ---- */

#define OWN_PREFIX ".heapwait-report-"
/* The file in each private folder that tells that it is one: a folder of that name may be anybody's. */
static const char own_mark[] = ".heapwait";

/* Removes what the private folder holds: files, and empty folders of somebody's making. */
static void own_empty(int fd)
{
    const int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again >= 0 ? fdopendir(again) : NULL;
    for (const struct dirent *e; entries && (e = readdir(entries));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && unlinkat(fd, e->d_name, 0) < 0)
            unlinkat(fd, e->d_name, AT_REMOVEDIR);
    if (entries)
        closedir(entries);
    else if (again >= 0)
        close(again);
}

static bool is_private(int fd, bool folder)
{
    struct stat st;
    return !fstat(fd, &st) && st.st_nlink && st.st_uid == geteuid() && !(st.st_mode & 077) &&
           (folder ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
}

static bool has_mark(int fd)
{
    const int mark = openat(fd, own_mark, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const bool good = mark >= 0 && is_private(mark, false);
    if (mark >= 0)
        close(mark);
    return good;
}

/* Removes the private folders of reports that were killed: whoever makes a report holds his folder's lock. */
static void stale_remove(int where)
{
    const int again = openat(where, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again >= 0 ? fdopendir(again) : NULL;
    if (!entries && again >= 0)
        close(again);
    for (const struct dirent *e; entries && (e = readdir(entries));) {
        if (strncmp(e->d_name, OWN_PREFIX, strlen(OWN_PREFIX)))
            continue;
        const int fd = openat(where, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && is_private(fd, true) && has_mark(fd) && !flock(fd, LOCK_EX | LOCK_NB)) {
            own_empty(fd);
            unlinkat(where, e->d_name, AT_REMOVEDIR);
        }
        if (fd >= 0)
            close(fd);
    }
    if (entries)
        closedir(entries);
}

/* Opens the folder that was just made, locks and marks it.  Returns false, with errno, if that fails. */
static bool own_open(struct folder *f, const char *made)
{
    snprintf(f->name, sizeof f->name, "%s", strrchr(made, '/') + 1);
    f->own = openat(f->where, f->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (f->own < 0 || !is_private(f->own, true))
        return false;
    flock(f->own, LOCK_EX | LOCK_NB); /* a file system without locks: then nobody removes it */
    const int mark = openat(f->own, own_mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (mark >= 0)
        close(mark);
    return mark >= 0;
}

/* Makes the private folder where it is nobody's but ours. */
static int own_make(struct folder *f, struct error *err)
{
    char template[64];
    f->where = f->target_fd >= 0 ? f->target_fd : f->parent;
    stale_remove(f->where);
    snprintf(template, sizeof template, "/proc/self/fd/%d/" OWN_PREFIX "XXXXXX", f->where);
    const char *made = mkdtemp(template);
    if (made && own_open(f, made)) {
        snprintf(f->path, sizeof f->path, "/proc/self/fd/%d", f->own);
        return 0;
    }
    const int code = errno;
    return error_set(
        err, -code, "can't write the report to '%s': %s%s", f->target, folder_write_failure(code),
        code == EACCES || code == EROFS || code == ENOENT ? "; choose another folder with -o" : "");
}

int folder_new(const char *target, struct folder **out, struct error *err)
{
    struct folder *f = calloc(1, sizeof *f);
    *out = NULL;
    if (!f)
        return -ENOMEM;
    f->parent = f->target_fd = f->where = f->own = -1;
    int rc = (f->target = strdup(target)) ? target_find(f, err) : -ENOMEM;
    if (rc == 0)
        rc = own_make(f, err);
    if (rc < 0)
        folder_remove(f);
    else
        *out = f;
    return rc;
}

const char *folder_path(const struct folder *f)
{
    return f->path;
}

void folder_remove(struct folder *f)
{
    if (!f)
        return;
    if (f->own >= 0) {
        own_empty(f->own);
        unlinkat(f->where, f->name, AT_REMOVEDIR);
        close(f->own);
    }
    if (f->target_fd >= 0)
        close(f->target_fd);
    if (f->parent >= 0)
        close(f->parent);
    free(f->target_name);
    free(f->target);
    free(f);
}

/* Returns how the user calls a place in the target, malloc'd; NULL: out of memory. */
static char *place_name(const struct folder *f, const char *sub, const char *name)
{
    char *path = NULL;
    const int n = sub && name ? asprintf(&path, "%s/%s/%s", f->target, sub, name)
                              : asprintf(&path, "%s/%s", f->target, sub ? sub : name);
    return n < 0 ? NULL : path;
}

/* Opens the target's folder `sub`, or the target itself.  *fd is to be closed. */
static int place_open(const struct folder *f, const char *sub, int make, int *fd, struct error *err)
{
    if (!sub) {
        *fd = openat(f->target_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return *fd < 0 ? error_set(err, -errno, "can't use the folder '%s': %s", f->target, strerror(errno))
                       : 0;
    }
    char *path = place_name(f, sub, NULL);
    const int rc = path ? output_folder_open(f->target_fd, sub, make, path, fd, err) : -ENOMEM;
    free(path);
    return rc;
}

int folder_place_check(const struct folder *f, const char *sub, const char *name, struct error *err)
{
    struct error why = {""};
    int fd = -1;
    if (f->target_fd < 0)
        return 0;
    int rc = place_open(f, sub, 0, &fd, &why);
    if (rc == -ENOENT)
        return 0;
    char *path = rc ? NULL : place_name(f, sub, name);
    if (!rc)
        rc = path ? output_refuse_link(fd, name, path, "folder", &why) : -ENOMEM;
    free(path);
    if (fd >= 0)
        close(fd);
    return rc ? error_set(err, rc, "%s", why.text) : 0;
}

static int file_move(const struct folder *f, int to, const char *name)
{
    const int file = openat(f->own, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0)
        return unlinkat(to, name, 0) < 0 && errno != ENOENT ? -errno : 0;
    output_give_owner(file);
    close(file);
    return renameat(f->own, name, to, name) < 0 ? -errno : 0;
}

int folder_publish(struct folder *f, const char *sub, const char *name, struct error *err)
{
    int to = -1, rc = 0;
    if (f->target_fd < 0)
        rc = output_folder_open(f->parent, f->target_name, 1, f->target, &f->target_fd, err);
    if (rc == 0)
        rc = place_open(f, sub, 1, &to, err);
    if (rc == 0 && (rc = file_move(f, to, name)) < 0) {
        char *path = place_name(f, sub, name);
        error_set(err, rc, "can't write '%s': %s", path ? path : name, folder_write_failure(-rc));
        free(path);
    }
    if (to >= 0)
        close(to);
    return rc;
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
