/* See one_file.h: an SQLite VFS (https://www.sqlite.org/vfs.html) whose file names are numbers of
 * descriptors. Time and random numbers are the default VFS's. */
#include "analysis/one_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where SQLite's locks lie (https://www.sqlite.org/src/file/src/os.h). */
enum {
    PENDING_BYTE = 0x40000000,
    RESERVED_BYTE = PENDING_BYTE + 1,
    SHARED_FIRST = PENDING_BYTE + 2,
    SHARED_SIZE = 510,
};

/* Offsets in the header (https://www.sqlite.org/fileformat.html), and the version there that means WAL. */
enum { WRITE_VERSION_AT = 18, READ_VERSION_AT = 19, VERSION_WAL = 2 };

static const char vfs_name[] = "heapwait-one-file";

struct one_file {
    sqlite3_file base;
    int fd, level;
    bool writable;
};

static struct one_file *one_file_of(sqlite3_file *file)
{
    return (struct one_file *)file;
}

/* Closes nothing: the descriptor is the caller's. */
static int file_close(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *buffer, int size, sqlite3_int64 at)
{
    const size_t wanted = (size_t)size;
    size_t done = 0;
    while (done < wanted) {
        ssize_t n =
            pread(one_file_of(file)->fd, (char *)buffer + done, wanted - done, (off_t)at + (off_t)done);
        if (n < 0 && errno != EINTR)
            return SQLITE_IOERR_READ;
        if (n == 0)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    if (done == wanted)
        return SQLITE_OK;
    memset((char *)buffer + done, 0, wanted - done); /* SQLite wants that */
    return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *buffer, int size, sqlite3_int64 at)
{
    const size_t wanted = (size_t)size;
    for (size_t done = 0; done < wanted;) {
        ssize_t n = pwrite(one_file_of(file)->fd, (const char *)buffer + done, wanted - done,
                           (off_t)at + (off_t)done);
        if (n < 0 && errno != EINTR)
            return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
        done += n > 0 ? (size_t)n : 0;
    }
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return ftruncate(one_file_of(file)->fd, (off_t)size) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

/* Brings nothing to the disk: what is written to is a work copy, and whoever publishes it does that. */
static int file_sync(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct stat st;
    if (fstat(one_file_of(file)->fd, &st))
        return SQLITE_IOERR_FSTAT;
    *size = st.st_size;
    return SQLITE_OK;
}

/* Locks some of the file's bytes by an OFD lock, which goes with the descriptor, not with the process. */
static int bytes_lock(int fd, short type, off_t first, off_t count)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = first, .l_len = count};
    return fcntl(fd, F_OFD_SETLK, &lock) ? -errno : 0;
}

/* Takes SQLite's shared lock.  A file system without locks is no reason to refuse. */
static int file_lock(sqlite3_file *file, int level)
{
    struct one_file *f = one_file_of(file);
    if (!f->writable && level > SQLITE_LOCK_SHARED)
        return SQLITE_READONLY;
    if (!f->writable && f->level < SQLITE_LOCK_SHARED) {
        int rc = bytes_lock(f->fd, F_RDLCK, SHARED_FIRST, SHARED_SIZE);
        if (rc == -EAGAIN || rc == -EACCES)
            return SQLITE_BUSY;
    }
    if (level > f->level)
        f->level = level;
    return SQLITE_OK;
}

static int file_unlock(sqlite3_file *file, int level)
{
    struct one_file *f = one_file_of(file);
    if (!f->writable && level < SQLITE_LOCK_SHARED && f->level >= SQLITE_LOCK_SHARED)
        bytes_lock(f->fd, F_UNLCK, SHARED_FIRST, SHARED_SIZE);
    if (level < f->level)
        f->level = level;
    return SQLITE_OK;
}

static int file_reserved(sqlite3_file *file, int *reserved)
{
    *reserved = one_file_of(file)->level >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
    (void)file;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

static int file_traits(sqlite3_file *file)
{
    (void)file;
    return 0;
}

/* Version 1 has no shared memory: SQLite can't use a WAL. */
static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

/* Journals and temporary files are refused: both are in memory. */
static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
    (void)vfs;
    file->pMethods = NULL; /* nothing is closed that wasn't opened */
    if (!name || !(flags & SQLITE_OPEN_MAIN_DB))
        return SQLITE_CANTOPEN;
    *one_file_of(file) = (struct one_file){
        .base = {.pMethods = &file_methods},
        .fd = (int)strtol(name, NULL, 10),
        .level = SQLITE_LOCK_NONE,
        .writable = (flags & SQLITE_OPEN_READWRITE) != 0,
    };
    if (flags_out)
        *flags_out = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    (void)name;
    (void)sync;
    return SQLITE_IOERR_DELETE_NOENT;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int what, int *is_there)
{
    (void)vfs;
    (void)name;
    (void)what;
    *is_there = 0;
    return SQLITE_OK;
}

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int size, char *full)
{
    (void)vfs;
    return snprintf(full, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_register(void)
{
    static sqlite3_vfs own;
    if (sqlite3_vfs_find(vfs_name))
        return SQLITE_OK;
    const sqlite3_vfs *standard = sqlite3_vfs_find(NULL);
    if (!standard)
        return SQLITE_ERROR;
    own = *standard;
    own.pNext = NULL;
    own.iVersion = standard->iVersion < 2 ? 1 : 2; /* 3 would let system calls be replaced */
    own.zName = vfs_name;
    own.szOsFile = sizeof(struct one_file);
    own.mxPathname = 32;
    own.xOpen = vfs_open;
    own.xDelete = vfs_delete;
    own.xAccess = vfs_access;
    own.xFullPathname = vfs_full_name;
    return sqlite3_vfs_register(&own, 0);
}

int one_file_connect(int fd, bool writable, sqlite3 **connection)
{
    char name[16];
    *connection = NULL;
    int rc = vfs_register();
    if (rc)
        return rc;
    snprintf(name, sizeof(name), "%d", fd);
    rc = sqlite3_open_v2(name, connection, writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY, vfs_name);
    if (!rc)
        rc = sqlite3_exec(*connection, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
    if (!rc && writable)
        rc = sqlite3_exec(*connection, "PRAGMA journal_mode = MEMORY", NULL, NULL, NULL);
    return rc;
}

static const char *const endings[] = {"-journal", "-wal", "-shm"};
enum { ENDINGS = sizeof(endings) / sizeof(*endings) };

/* Returns true if such a file is there, or can't be known not to be. */
static bool companion_is_there(int folder, const char *name, const char *ending)
{
    struct stat st;
    char *companion = NULL;
    if (asprintf(&companion, "%s%s", name, ending) < 0)
        return true;
    bool there =
        !fstatat(folder, companion, &st, AT_SYMLINK_NOFOLLOW) && !(S_ISREG(st.st_mode) && st.st_size == 0);
    free(companion);
    return there;
}

static const char *companion_from(int folder, const char *name, size_t i)
{
    for (; i < ENDINGS; i++)
        if (companion_is_there(folder, name, endings[i]))
            return endings[i];
    return NULL;
}

const char *one_file_companion(int folder, const char *name)
{
    return companion_from(folder, name, 0);
}

const char *one_file_companion_after(int folder, const char *name, const char *ending)
{
    size_t i = 0;
    while (i < ENDINGS && strcmp(endings[i], ending) != 0)
        i++;
    return companion_from(folder, name, i + 1);
}

/* The beginnings: https://www.sqlite.org/fileformat.html, sections 3 and 4.1;
 * https://www.sqlite.org/walformat.html, section 2.1, in the machine's byte order. */
bool one_file_is_companion(int fd)
{
    static const unsigned char journal[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
    static const unsigned char wal[3] = {0x37, 0x7f, 0x06};
    const uint32_t index = 3007000;
    unsigned char head[8] = {0};
    return pread(fd, head, sizeof(head), 0) == sizeof(head) &&
           (!memcmp(head, journal, sizeof(journal)) ||
            (!memcmp(head, wal, sizeof(wal)) && (head[3] & ~1) == 0x82) ||
            !memcmp(head, &index, sizeof(index)));
}

bool one_file_is_written(int fd)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = RESERVED_BYTE, .l_len = 1};
    return !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
}

bool one_file_is_wal(int fd)
{
    unsigned char head[READ_VERSION_AT + 1];
    return pread(fd, head, sizeof(head), 0) == sizeof(head) &&
           (head[WRITE_VERSION_AT] == VERSION_WAL || head[READ_VERSION_AT] == VERSION_WAL);
}
