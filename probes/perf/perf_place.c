/* See perf_place.h.  perf leaves an empty file where it is and truncates it.  So the file that is made here
 * stays the one that perf writes, and in a sticky folder nobody else can put a link in its place. */
#include "probes/perf/perf_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int left_alone(const char *file, struct error *err)
{
    return error_set(err, -EEXIST, "'%s' is not a file that perf may replace; it is left alone: move it away",
                     file);
}

/* Moves the file to FILE.old.  rename(2) doesn't follow links, so that nothing elsewhere is touched. */
static int older_keep(struct perf_place *place, struct error *err)
{
    struct stat st;
    char *old = NULL;
    int rc = 0;
    if (asprintf(&old, "%s.old", place->file) < 0)
        return error_set(err, -ENOMEM, "out of memory");
    if (!lstat(old, &st) && !S_ISREG(st.st_mode))
        rc = left_alone(old, err);
    else if (rename(place->file, old))
        rc = error_set(err, -errno, "can't keep the older '%s' as '%s': %s", place->file, old,
                       strerror(errno));
    else
        place->kept = true;
    free(old);
    return rc;
}

/* Moves away what lies in the place, if anything does.  An empty file is not worth keeping. */
static int older_move(struct perf_place *place, struct error *err)
{
    struct stat st;
    if (lstat(place->file, &st))
        return 0; /* if there is another reason than that there is no file, making one will tell */
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
        return left_alone(place->file, err);
    if (st.st_size)
        return older_keep(place, err);
    unlink(place->file);
    return 0;
}

static int empty_make(struct perf_place *place, struct error *err)
{
    struct stat st;
    const int fd = open(place->file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &st)) {
        const int rc = -errno;
        if (fd >= 0)
            close(fd);
        return error_set(err, rc, "can't make '%s' for perf: %s", place->file, strerror(-rc));
    }
    close(fd);
    place->device = st.st_dev;
    place->inode = st.st_ino;
    place->begun = st.st_mtim;
    return 0;
}

int perf_place_take(struct perf_place *place, const char *file, struct error *err)
{
    *place = (struct perf_place){.file = strdup(file)};
    int rc = place->file ? older_move(place, err) : error_set(err, -ENOMEM, "out of memory");
    if (!rc)
        rc = empty_make(place, err);
    if (rc) {
        perf_place_give_back(place);
        perf_place_free(place);
    }
    return rc;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

int perf_place_check(const struct perf_place *place, struct error *err)
{
    struct stat st;
    if (lstat(place->file, &st))
        return error_set(err, -EIO, "perf's file '%s' is gone: %s", place->file, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(err, -EIO, "'%s' is not the file that perf was to write: it is not read",
                         place->file);
    if (!st.st_size)
        return error_set(err, -EIO, "perf wrote nothing into '%s'", place->file);
    if (is_before(&st.st_mtim, &place->begun))
        return error_set(err, -EIO, "'%s' is older than the run: it is not read", place->file);
    return 0;
}

void perf_place_give_back(const struct perf_place *place)
{
    struct stat st;
    char *old = NULL;
    if (!place->file)
        return;
    if (place->inode && !lstat(place->file, &st) && st.st_dev == place->device && st.st_ino == place->inode)
        unlink(place->file);
    if (place->kept && lstat(place->file, &st) && asprintf(&old, "%s.old", place->file) >= 0)
        (void)!rename(old, place->file); /* if that fails, the older file stays FILE.old */
    free(old);
}

void perf_place_free(struct perf_place *place)
{
    free(place->file);
    place->file = NULL;
}
