/* The recording's file as a file: what may be replaced, who is writing into it, whether there is room.  The
 * surprising facts: SQLite takes "" and ":memory:" for databases that vanish, so it is never given the user's
 * own words; and a file that is renamed while SQLite writes into it loses its journal, so that a writer holds
 * a lock on a byte that SQLite doesn't use, for as long as it lives. */
#include "probes/recording_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x48574149,
    ROOM_BYTES = 512 * 1024, /* the empty tables, a short run, and SQLite's journal of them */
};

/* Far above SQLite's own (https://www.sqlite.org/src/file/src/os.h: PENDING_BYTE is 0x40000000). */
static const off_t WRITER_BYTE = INT64_MAX - 16;

/* SQLite's own mark and ours, at the offsets that https://www.sqlite.org/fileformat.html gives. */
bool file_is_recording(const char *path)
{
    unsigned char head[72] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* or a FIFO would be waited for */
    if (fd < 0)
        return false;
    ssize_t n = read(fd, head, sizeof(head));
    close(fd);
    uint32_t id = (uint32_t)head[68] << 24 | (uint32_t)head[69] << 16 | (uint32_t)head[70] << 8 | head[71];
    return n == sizeof(head) && !memcmp(head, "SQLite format 3", 16) && id == APPLICATION_ID;
}

/* Of the open file description, not of the process: closing another descriptor of the file keeps it. */
static int lock_try(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = WRITER_BYTE, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) ? -errno : 0;
}

int file_lock(const char *path, int *fd, struct error *err)
{
    *fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return error_set(err, -errno, "can't open '%s' for writing: %s", path, strerror(errno));
    int rc = lock_try(*fd);
    if (rc != -EAGAIN && rc != -EACCES) /* a file system without locks is no reason to refuse */
        return 0;
    close(*fd);
    *fd = -1;
    return error_set(err, -EBUSY,
                     "'%s' is being written to by another heapwait: wait for its end, or name another file "
                     "with -o",
                     path);
}

/* What is there already: nothing, a recording, an empty file; or something that isn't ours. */
static int file_judge(const char *path, bool *older, struct error *err)
{
    struct stat st;
    *older = false;
    if (lstat(path, &st))
        return errno == ENOENT ? 0 : error_set(err, -errno, "can't use '%s': %s", path, strerror(errno));
    if (S_ISREG(st.st_mode) && st.st_size == 0)
        return 0;
    if (S_ISLNK(st.st_mode))
        return error_set(err, -EEXIST,
                         "'%s' is a symbolic link; it is left alone: name the file itself with -o", path);
    if (!S_ISREG(st.st_mode) || !file_is_recording(path))
        return error_set(err, -EEXIST,
                         "'%s' exists and is not a recording; it is left alone: name another file with -o",
                         path);
    *older = true;
    int fd = -1;
    int rc = access(path, R_OK | W_OK) ? 0 : file_lock(path, &fd, err);
    if (fd >= 0)
        close(fd);
    return rc;
}

static int folder_judge(const char *path, const char *folder, struct error *err)
{
    struct statvfs fs;
    if (access(folder, F_OK))
        return error_set(err, -errno,
                         "there is no folder '%s' for '%s' (%s): make it, or name another file with -o",
                         folder, path, strerror(errno));
    if (access(folder, W_OK | X_OK))
        return error_set(err, -errno, "can't write into the folder '%s' (%s): name another file with -o",
                         folder, strerror(errno));
    if (statvfs(folder, &fs) || !fs.f_blocks)
        return 0; /* it doesn't tell */
    uint64_t free_bytes = (uint64_t)(geteuid() ? fs.f_bavail : fs.f_bfree) * fs.f_frsize;
    if (free_bytes >= ROOM_BYTES)
        return 0;
    return error_set(
        err, -ENOSPC,
        "the disk is full: where '%s' would lie there are %llu KiB left, and a recording takes at "
        "least %d: make room, or name another place with -o",
        path, (unsigned long long)(free_bytes / 1024), ROOM_BYTES / 1024);
}

int recording_check(const char *path, struct error *err)
{
    bool older;
    if (!*path)
        return error_set(err, -EINVAL, "-o takes the name of a file");
    int rc = file_judge(path, &older, err);
    if (rc)
        return rc;
    char *copy = strdup(path);
    rc = copy ? folder_judge(path, dirname(copy), err) : error_set(err, -ENOMEM, "out of memory");
    free(copy);
    return rc;
}

static char *path_with(const char *path, const char *ending)
{
    char *with = NULL;
    return asprintf(&with, "%s%s", path, ending) < 0 ? NULL : with;
}

static int rename_tell(const char *from, const char *to, struct error *err)
{
    if (!rename(from, to))
        return 0;
    return error_set(err, -errno, "can't rename '%s' to '%s': %s", from, to, strerror(errno));
}

char *file_draft(const char *path)
{
    char ending[32];
    snprintf(ending, sizeof(ending), ".new-%d", (int)getpid());
    return path_with(path, ending);
}

int file_publish(const char *draft, const char *path, bool *older, struct error *err)
{
    int rc = file_judge(path, older, err);
    char *old = rc ? NULL : path_with(path, ".old");
    if (!rc && !old)
        rc = error_set(err, -ENOMEM, "out of memory");
    if (!rc && *older)
        rc = rename_tell(path, old, err);
    if (!rc)
        rc = rename_tell(draft, path, err);
    free(old);
    return rc;
}

void file_withdraw(const char *path, bool older)
{
    char *old = path_with(path, ".old"), *journal = path_with(path, "-journal");
    unlink(path);
    if (journal)
        unlink(journal);
    if (older && old)
        rename(old, path);
    free(old);
    free(journal);
}
