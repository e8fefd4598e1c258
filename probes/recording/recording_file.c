/* The recording's file as a file: what lies at its place and may be replaced, who is writing, whether there
 * is room.  All names are looked up in the folder that was opened at the beginning, and no link is followed,
 * since the folder may be one that others can write to.  The writer's lock is on a byte that SQLite doesn't
 * use. */
#include "probes/recording/recording_private.h"

#include "analysis/base/output.h"
#include "analysis/one_file.h"
#include "probes/host/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x48574149,
    ROOM_BYTES = 512 * 1024, /* the empty tables and a short run, twice while they are replaced */
    LOCK_TRIES = 100,
};

/* Far above the bytes that SQLite locks (https://www.sqlite.org/src/file/src/os.h: PENDING_BYTE is
 * 0x40000000). */
static const off_t WRITER_BYTE = INT64_MAX - 16;

bool location_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Returns true if the file has SQLite's mark and ours, at the offsets that
 * https://www.sqlite.org/fileformat.html gives. */
static bool file_is_recording(int fd)
{
    unsigned char head[72] = {0};
    ssize_t n = pread(fd, head, sizeof(head), 0);
    uint32_t id = (uint32_t)head[68] << 24 | (uint32_t)head[69] << 16 | (uint32_t)head[70] << 8 | head[71];
    return n == sizeof(head) && !memcmp(head, "SQLite format 3", 16) && id == APPLICATION_ID;
}

int location_claim(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = WRITER_BYTE, .l_len = 1};
    if (!fcntl(fd, F_OFD_SETLK, &lock))
        return 0;
    return errno == EAGAIN || errno == EACCES ? -EBUSY
                                              : 0; /* no locks in a file system: no reason to refuse */
}

int location_set(struct location *l, const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    const int place = slash ? (int)(slash - path) + 1 : 0;
    *l = (struct location){.folder = -1};
    if (!*path)
        return error_set(err, -EINVAL, "-o takes the name of a file");
    if (asprintf(&l->path, "%s%s", path, path[place] ? "" : ".") < 0)
        l->path = NULL;
    if (!l->path || asprintf(&l->older, "%s.old", l->path) < 0)
        l->older = NULL;
    l->folder_path = place > 1 ? strndup(path, (size_t)place - 1) : strdup(place ? "/" : ".");
    if (!l->older || !l->folder_path)
        return error_set(err, -ENOMEM, "out of memory");
    l->place = place;
    return 0;
}

int location_open(struct location *l, struct error *err)
{
    if (l->folder >= 0)
        return 0;
    l->folder = open(l->folder_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (l->folder < 0)
        return error_set(err, -errno,
                         "there is no folder '%s' for '%s' (%s): make it, or name another file with -o",
                         l->folder_path, l->path, strerror(errno));
    return 0;
}

void location_close(struct location *l)
{
    if (l->folder >= 0)
        close(l->folder);
    free(l->path);
    free(l->older);
    free(l->folder_path);
    *l = (struct location){.folder = -1};
}

const char *location_name(const struct location *l, const char *path)
{
    return path + l->place;
}

/* Returns false if the file can't be moved by this user: in a sticky folder, as /tmp is, others' files stay
 * where they are. */
static bool may_move(const struct location *l, const struct stat *st)
{
    struct stat folder;
    return geteuid() == 0 || fstat(l->folder, &folder) || !(folder.st_mode & S_ISVTX) ||
           folder.st_uid == geteuid() || st->st_uid == geteuid();
}

/* Opens a file of the folder.  O_NONBLOCK: a FIFO would be waited for. */
static int file_open(const struct location *l, const char *path, int how)
{
    return openat(l->folder, location_name(l, path), how | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

static enum occupant kind_find(const struct location *l, const char *path, struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return OCCUPANT_FOREIGN;
    int fd = file_open(l, path, O_RDONLY);
    if (fd < 0)
        return st->st_size ? OCCUPANT_FOREIGN : OCCUPANT_EMPTY;
    enum occupant kind = OCCUPANT_FOREIGN;
    if (!fstat(fd, st) && S_ISREG(st->st_mode)) /* of the file that was opened */
        kind = !st->st_size ? OCCUPANT_EMPTY : file_is_recording(fd) ? OCCUPANT_RECORDING : OCCUPANT_FOREIGN;
    close(fd);
    return kind;
}

/* Returns what lies at `path`, if it is nothing, an empty file or a recording, and ours to move; else
 * negative errno, with a sentence. */
static int occupant_find(const struct location *l, const char *path, struct error *err)
{
    struct stat st;
    if (fstatat(l->folder, location_name(l, path), &st, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? OCCUPANT_NONE
                               : error_set(err, -errno, "can't use '%s': %s", path, strerror(errno));
    if (output_refuse_link(l->folder, location_name(l, path), path, "file", err))
        return -EEXIST;
    enum occupant kind = kind_find(l, path, &st);
    if (kind == OCCUPANT_FOREIGN)
        return error_set(err, -EEXIST,
                         "'%s' exists and is not a recording; it is left alone: name another file with -o",
                         path);
    if (!may_move(l, &st))
        return error_set(
            err, -EPERM,
            "'%s' is another user's, who alone may move it in the folder '%s': name another file "
            "with -o",
            path, l->folder_path);
    return (int)kind;
}

/* Returns "PATHENDING", malloc'd; NULL: out of memory. */
static char *companion_path(const char *path, const char *ending)
{
    char *companion = NULL;
    return asprintf(&companion, "%s%s", path, ending) < 0 ? NULL : companion;
}

/* Returns true if such a file is this user's own, so that it goes where the file goes that it belongs to.
 * What has a second name may be something else of his. */
static bool companion_is_own(const struct location *l, const char *path, const char *ending)
{
    struct stat st;
    char *companion = companion_path(path, ending);
    int fd = companion ? file_open(l, companion, O_RDONLY) : -1;
    bool own = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
               st.st_nlink == 1 && one_file_is_companion(fd);
    if (fd >= 0)
        close(fd);
    free(companion);
    return own;
}

/* Refuses a place with a journal of SQLite's beside it: a plain SQLite would play that into what is put
 * there.  `goes`: what lies there is given up, and his own journals with it. */
static int companion_refuse(const struct location *l, const char *path, bool goes, struct error *err)
{
    const char *name = location_name(l, path), *ending = one_file_companion(l->folder, name);
    while (goes && ending && companion_is_own(l, path, ending))
        ending = one_file_companion_after(l->folder, name, ending);
    if (!ending)
        return 0;
    if (companion_is_own(l, path, ending))
        return error_set(
            err, -EEXIST,
            "'%s%s' is in the way: a writer of '%s' that was killed left it, and it is left alone: "
            "`sqlite3 '%s' .tables` plays it; or name another file with -o",
            path, ending, path, path);
    return error_set(
        err, -EEXIST,
        "'%s%s' is in the way: a writer of '%s' that was killed left it, or somebody put it there, "
        "and it is left alone: move it away, or name another file with -o",
        path, ending, path);
}

void location_companions_remove(const struct location *l, const char *path)
{
    const char *name = location_name(l, path);
    for (const char *ending = one_file_companion(l->folder, name); ending;
         ending = one_file_companion_after(l->folder, name, ending)) {
        char *companion = companion_is_own(l, path, ending) ? companion_path(path, ending) : NULL;
        if (companion)
            unlinkat(l->folder, location_name(l, companion), 0);
        free(companion);
    }
}

int location_lock(const struct location *l, int *fd, struct error *err)
{
    struct stat locked, there;
    for (int i = 0; i < LOCK_TRIES; i++) {
        *fd = file_open(l, l->path, O_RDWR);
        if (*fd < 0)
            return error_set(err, -errno, "can't open '%s' for writing: %s", l->path, strerror(errno));
        int rc = location_claim(*fd);
        if (!rc && !fstat(*fd, &locked) &&
            !fstatat(l->folder, location_name(l, l->path), &there, AT_SYMLINK_NOFOLLOW) &&
            location_same(&locked, &there))
            return 0;
        close(*fd); /* its writer has put the next state there meanwhile, or somebody something else */
        *fd = -1;
        if (rc)
            break;
    }
    return error_set(err, -EBUSY,
                     "'%s' is being written to by another heapwait: wait for its end, or name another file "
                     "with -o",
                     l->path);
}

/* Locks an older recording that is to be moved.  A user who may not write to it can't lock it, but may still
 * move it. */
static int older_lock(const struct location *l, int *lock, struct error *err)
{
    struct error why = {""};
    int rc = location_lock(l, lock, &why);
    return !rc || rc == -EACCES || rc == -EPERM || rc == -EROFS ? 0 : error_set(err, rc, "%s", why.text);
}

int location_occupant(const struct location *l, int *lock, struct error *err)
{
    *lock = -1;
    int kind = occupant_find(l, l->path, err);
    int rc = kind < 0 ? 0 : companion_refuse(l, l->path, kind != OCCUPANT_RECORDING, err);
    if (rc || kind != OCCUPANT_RECORDING)
        return rc ? rc : kind;
    rc = companion_refuse(l, l->older, true, err);
    if (!rc)
        rc = occupant_find(l, l->older, err);
    if (rc >= 0)
        rc = older_lock(l, lock, err);
    return rc < 0 ? rc : kind;
}

static int room_check(const struct location *l, struct error *err)
{
    struct statvfs fs;
    if (faccessat(l->folder, ".", W_OK | X_OK, 0))
        return error_set(err, -errno, "can't write into the folder '%s' (%s): name another file with -o",
                         l->folder_path, strerror(errno));
    if (fstatvfs(l->folder, &fs) || !fs.f_blocks)
        return 0; /* the file system doesn't tell */
    uint64_t free_bytes = (uint64_t)(geteuid() ? fs.f_bavail : fs.f_bfree) * fs.f_frsize;
    if (free_bytes >= ROOM_BYTES)
        return 0;
    return error_set(
        err, -ENOSPC,
        "the disk is full: where '%s' would lie there are %llu KiB left, and a recording takes at "
        "least %d: make room, or name another place with -o",
        l->path, (unsigned long long)(free_bytes / 1024), ROOM_BYTES / 1024);
}

int recording_check(const char *path, struct error *err)
{
    struct location l;
    int lock = -1;
    int rc = location_set(&l, path, err);
    if (!rc)
        rc = location_open(&l, err);
    if (!rc)
        rc = location_occupant(&l, &lock, err);
    if (rc >= 0)
        rc = room_check(&l, err);
    if (lock >= 0)
        close(lock);
    location_close(&l);
    return rc;
}

/* Refuses a recording that others may have written: its commands are about to be run. */
static int trust_check(const struct location *l, int fd, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return error_set(err, -errno, "can't look at '%s': %s", l->path, strerror(errno));
    if (caller_trusts(&st))
        return 0;
    return error_set(
        err, -EPERM,
        "others may have written '%s' (its owner's number is %u, its rights are %04o), and to resume it "
        "runs the commands that stand in it: have its owner resume it, or, if you know what is in "
        "it, make it your own (chown, chmod go-w)",
        l->path, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
}

int location_resume(struct location *l, int *fd, struct error *err)
{
    struct error why = {""};
    *fd = -1;
    int kind = location_open(l, &why);
    if (!kind)
        kind = occupant_find(l, l->path, &why);
    if (kind != OCCUPANT_RECORDING)
        return error_set(err, -EINVAL, "'%s' is not a recording that could be resumed%s%s", l->path,
                         kind < 0 ? ": " : "", why.text);
    int rc = companion_refuse(l, l->path, false, err);
    if (!rc)
        rc = location_lock(l, fd, err);
    if (!rc)
        rc = trust_check(l, *fd, err);
    if (!rc && one_file_is_wal(*fd))
        rc =
            error_set(err, -EPROTO,
                      "'%s' is in SQLite's WAL mode, in which heapwait writes no recording: turn that off by "
                      "`sqlite3 '%s' 'PRAGMA journal_mode = DELETE'`",
                      l->path, l->path);
    return rc;
}
