/* From the work copy to FILE: a whole copy is written under a name that nobody else has, brought to the disk,
 * and renamed.  So whoever reads FILE, or kills heapwait, finds a whole recording: this state or the one
 * before.  What can't be put there is kept under the name that it has then, or in TMPDIR if there is no room.
 */
#include "probes/recording/recording_private.h"

#include "analysis/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { NAME_TRIES = 100, COPY_BYTES = 1 << 16, RANDOM_CHARACTERS = 6 };

/* A whole recording that is not at FILE yet. */
struct draft {
    int fd; /* -1: there is none */
    char *path;
};

/* Returns a path such as "FILE.new-XXXXXX", which nobody can have guessed, malloc'd; NULL: no memory, or no
 * randomness. */
static char *name_make(const struct location *l, const char *what)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char random[RANDOM_CHARACTERS];
    char ending[RANDOM_CHARACTERS + 1] = "", *path = NULL;
    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return NULL;
    for (int i = 0; i < RANDOM_CHARACTERS; i++)
        ending[i] = characters[random[i] % (sizeof(characters) - 1)];
    return asprintf(&path, "%s.%s-%s", l->path, what, ending) < 0 ? NULL : path;
}

static int draft_make(const struct location *l, struct draft *d, struct error *err)
{
    int rc = -EEXIST;
    for (int i = 0; rc == -EEXIST && i < NAME_TRIES; i++) {
        free(d->path);
        d->path = name_make(l, "new");
        if (!d->path)
            return error_set(err, -ENOMEM, "out of memory");
        d->fd = openat(l->folder, location_name(l, d->path),
                       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        rc = d->fd < 0 ? -errno : 0;
    }
    if (rc)
        return error_set(err, rc, "can't make '%s': %s; name another file with -o", d->path, strerror(-rc));
    output_give_owner(d->fd);
    return 0;
}

static int chunk_write(int fd, const char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, bytes + done, size - done);
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int recording_content_copy(int from, int to)
{
    static char buffer[COPY_BYTES];
    off_t at = 0;
    for (;;) {
        ssize_t n = pread(from, buffer, sizeof(buffer), at);
        if (n < 0 && errno == EINTR)
            continue;
        int rc = n < 0 ? -errno : chunk_write(to, buffer, (size_t)n);
        if (rc || n <= 0)
            return rc;
        at += n;
    }
}

/* Brings the file to the disk.  A file system that has no such thing (EINVAL) has no power cuts to fear. */
static int content_sync(int fd)
{
    return fsync(fd) && errno != EINVAL && errno != ENOSYS && errno != EROFS ? -errno : 0;
}

/* Gives the next state of a file the owner and the rights of the one before. */
static void owner_keep(int from, int to)
{
    struct stat st, own;
    if (fstat(from, &st) || fstat(to, &own))
        return;
    if ((st.st_uid != own.st_uid || st.st_gid != own.st_gid) && fchown(to, st.st_uid, st.st_gid))
        return; /* not root: another user's file becomes ours, with our rights */
    (void)fchmod(to, st.st_mode & 0777);
}

static bool is_named(const struct location *l, const char *path, int fd)
{
    struct stat there, own;
    return !fstatat(l->folder, location_name(l, path), &there, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &own) &&
           location_same(&there, &own);
}

static void draft_drop(const struct location *l, struct draft *d)
{
    if (d->fd < 0)
        return;
    if (is_named(l, d->path, d->fd))
        unlinkat(l->folder, location_name(l, d->path), 0);
    close(d->fd);
    d->fd = -1;
}

static int draft_write(const struct recording *r, struct location *l, struct draft *d, struct error *err)
{
    int rc = location_open(l, err);
    if (!rc)
        rc = draft_make(l, d, err);
    if (rc)
        return rc;
    rc = recording_content_copy(r->work, d->fd);
    if (!rc)
        rc = content_sync(d->fd);
    if (!rc) {
        location_claim(d->fd); /* locked before it can be found at FILE */
        return 0;
    }
    draft_drop(l, d);
    bool full = rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG;
    return error_set(err, rc, "can't write '%s': %s; %sname another place with -o", l->path, strerror(-rc),
                     full ? "make room, or " : "");
}

/* Renames without replacing.  -EEXIST: the name is taken. */
static int name_take(const struct location *l, const char *from, const char *to)
{
    const char *name = location_name(l, from), *wanted = location_name(l, to);
    if (!renameat2(l->folder, name, l->folder, wanted, RENAME_NOREPLACE))
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    if (!linkat(l->folder, name, l->folder, wanted, 0)) /* NFS and the like can't rename so */
        return unlinkat(l->folder, name, 0) ? -errno : 0;
    if (errno == EEXIST || !faccessat(l->folder, wanted, F_OK, AT_SYMLINK_NOFOLLOW))
        return -EEXIST;
    return renameat(l->folder, name, l->folder, wanted) ? -errno : 0;
}

/* Makes FILE.old what FILE is.  It is done by a link, so that there is always a whole recording at FILE;
 * where there are no links FILE is gone afterwards. */
static int older_keep(const struct location *l, struct error *err)
{
    char *spare = name_make(l, "old");
    if (!spare)
        return error_set(err, -ENOMEM, "out of memory");
    const char *file = location_name(l, l->path), *old = location_name(l, l->older),
               *link = location_name(l, spare);
    int rc = 0;
    location_companions_remove(l, l->older); /* first: they must not be found beside another FILE.old */
    if (!linkat(l->folder, file, l->folder, link, 0)) {
        rc = renameat(l->folder, link, l->folder, old) ? -errno : 0;
        unlinkat(l->folder, link, 0); /* still there if both names are one file already */
    } else {
        rc = renameat(l->folder, file, l->folder, old) ? -errno : 0;
    }
    free(spare);
    return rc ? error_set(err, rc, "can't rename '%s' to '%s': %s", l->path, l->older, strerror(-rc)) : 0;
}

/* Puts the draft at FILE.  -EEXIST: something has come to lie there, where nothing was. */
static int draft_rename(const struct location *l, const struct draft *d, struct error *err)
{
    const char *name = location_name(l, d->path), *file = location_name(l, l->path);
    bool replace = !faccessat(l->folder, file, F_OK, AT_SYMLINK_NOFOLLOW);
    int rc = !replace                                          ? name_take(l, d->path, l->path)
             : renameat(l->folder, name, l->folder, file) != 0 ? -errno
                                                               : 0;
    if (rc)
        return error_set(err, rc, "can't rename '%s' to '%s': %s", d->path, l->path, strerror(-rc));
    if (!is_named(l, l->path, d->fd))
        return error_set(err, -ESTALE, "somebody has put something else at '%s'", l->path);
    return 0;
}

/* Publishes for the first time: a recording that is there becomes FILE.old. */
static int place_take(const struct location *l, const struct draft *d, struct error *err)
{
    int rc = -EEXIST;
    for (int i = 0; i < NAME_TRIES; i++) {
        struct error why = {""};
        int lock = -1;
        int kind = location_occupant(l, &lock, &why);
        rc = kind == OCCUPANT_RECORDING ? older_keep(l, &why) : kind < 0 ? kind : 0;
        if (!rc && kind != OCCUPANT_RECORDING)
            location_companions_remove(l, l->path);
        if (!rc)
            rc = draft_rename(l, d, &why);
        if (lock >= 0)
            close(lock);
        if (kind != OCCUPANT_NONE || rc != -EEXIST) /* else what has come there is looked at */
            return rc ? error_set(err, rc, "%s", why.text) : 0;
    }
    return error_set(err, rc, "another program makes and removes '%s' all the time", l->path);
}

/* Publishes anew: replaces the state that was published before, and nothing else. */
static int place_renew(const struct location *l, int published, const struct draft *d, struct error *err)
{
    bool there = !faccessat(l->folder, location_name(l, l->path), F_OK, AT_SYMLINK_NOFOLLOW);
    if (there && !is_named(l, l->path, published))
        return error_set(err, -EEXIST, "somebody has put something else at '%s'; it is left alone", l->path);
    owner_keep(published, d->fd);
    return draft_rename(l, d, err);
}

/* Writes the draft in TMPDIR, under FILE's name with an ending. */
static int elsewhere_write(const struct recording *r, struct draft *d, struct error *err)
{
    const char *folder = secure_getenv("TMPDIR");
    char *path = NULL;
    struct location l;
    if (asprintf(&path, "%s/%s", folder && *folder ? folder : "/tmp", location_name(&r->at, r->at.path)) < 0)
        return error_set(err, -ENOMEM, "out of memory");
    int rc = location_set(&l, path, err);
    if (!rc)
        rc = draft_write(r, &l, d, err);
    location_close(&l);
    free(path);
    return rc;
}

/* Keeps what was measured, whatever stood in the way, and tells where.  Returns `code`. */
static int measurement_keep(const struct recording *r, struct draft *d, int code, const char *why,
                            struct error *err)
{
    struct error failure = {""};
    bool beside = d->fd >= 0 && is_named(&r->at, d->path, d->fd);
    if (!r->runs) {
        draft_drop(&r->at, d);
        return error_set(err, code, "%s", why);
    }
    if (!beside) {
        if (d->fd >= 0)
            close(d->fd);
        d->fd = -1;
        if (elsewhere_write(r, d, &failure))
            return error_set(err, code,
                             "%s; what was measured is lost, for it can't be kept elsewhere either: %s", why,
                             failure.text);
    }
    return error_set(err, code, "%s; what was measured is kept in '%s' (`heapwait explain %s`)", why, d->path,
                     d->path);
}

int recording_publish(struct recording *r, struct error *err)
{
    struct draft d = {.fd = -1};
    struct error why = {""};
    if (r->given_up)
        return error_set(err, -EIO, "'%s' could not be written", r->at.path);
    int rc = draft_write(r, &r->at, &d, &why);
    if (!rc)
        rc = r->published < 0 ? place_take(&r->at, &d, &why) : place_renew(&r->at, r->published, &d, &why);
    if (rc) {
        r->given_up = true;
        rc = measurement_keep(r, &d, rc, why.text, err);
        if (d.fd >= 0)
            close(d.fd);
    } else {
        if (r->published >= 0)
            close(r->published);
        r->published = d.fd;
    }
    free(d.path);
    return rc;
}
