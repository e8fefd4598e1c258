/* A disk that fails: each call by which the writer changes a file fails in turn, once or from there on.  What
 * was published before stays whole, and what was measured is where the sentence says.  The linker puts the
 * functions below into the place of the C library's (--wrap). */
#include "probes/recording/recording.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OLDER = 3, OLD = 2, NEW = 1 }; /* how many runs each of the recordings has */

static struct {
    int calls, first; /* the number of the call that fails; 0: none */
    bool from_there_on;
    int code;
} disk;

/* Returns true if the disk fails this call. */
static bool fails(void)
{
    disk.calls++;
    bool bad = disk.first && (disk.from_there_on ? disk.calls >= disk.first : disk.calls == disk.first);
    if (bad)
        errno = disk.code;
    return bad;
}

/* By the names that the linker wants.  NOLINTBEGIN */
int __real_openat(int folder, const char *name, int how, ...);
ssize_t __real_write(int fd, const void *bytes, size_t size);
int __real_fsync(int fd);
int __real_renameat(int from, const char *name, int to, const char *wanted);
int __real_renameat2(int from, const char *name, int to, const char *wanted, unsigned how);
int __real_linkat(int from, const char *name, int to, const char *wanted, int how);
int __real_unlinkat(int folder, const char *name, int how);
int __wrap_openat(int folder, const char *name, int how, ...);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
int __wrap_fsync(int fd);
int __wrap_renameat(int from, const char *name, int to, const char *wanted);
int __wrap_renameat2(int from, const char *name, int to, const char *wanted, unsigned how);
int __wrap_linkat(int from, const char *name, int to, const char *wanted, int how);
int __wrap_unlinkat(int folder, const char *name, int how);

int __wrap_openat(int folder, const char *name, int how, ...)
{
    va_list rest;
    va_start(rest, how);
    mode_t mode = how & O_CREAT ? (mode_t)va_arg(rest, unsigned) : 0;
    va_end(rest);
    return how & O_CREAT && fails() ? -1 : __real_openat(folder, name, how, mode);
}

/* A write that comes to a full disk has written some of it before. */
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    return fails() ? -1 : __real_write(fd, bytes, size > 40000 ? size / 2 : size);
}

int __wrap_fsync(int fd)
{
    return fails() ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int from, const char *name, int to, const char *wanted)
{
    return fails() ? -1 : __real_renameat(from, name, to, wanted);
}

int __wrap_renameat2(int from, const char *name, int to, const char *wanted, unsigned how)
{
    return fails() ? -1 : __real_renameat2(from, name, to, wanted, how);
}

int __wrap_linkat(int from, const char *name, int to, const char *wanted, int how)
{
    return fails() ? -1 : __real_linkat(from, name, to, wanted, how);
}

int __wrap_unlinkat(int folder, const char *name, int how)
{
    return fails() ? -1 : __real_unlinkat(folder, name, how);
}
/* NOLINTEND */

/* ---- what lies there ---- */

static char path[256], old[300];

/* Of a whole recording; -1: there is nothing; -2: it is none. */
static int runs_in(const char *file)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int runs = -2;
    if (access(file, F_OK))
        return -1;
    if (!sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL) &&
        !sqlite3_prepare_v2(db, "SELECT count(*) FROM run, pragma_quick_check WHERE quick_check = 'ok'", -1,
                            &s, NULL) &&
        sqlite3_step(s) == SQLITE_ROW)
        runs = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return runs;
}

static int run_add(struct recording *r, struct error *err)
{
    const struct run_info nothing = run_info_unknown("true");
    return recording_add_run(r, &nothing, NULL, err);
}

static void recording_make(int runs)
{
    struct error err = {""};
    struct recording *r = NULL;
    assert_int_equal(recording_open(path, RECORDING_REPLACE, &r, &err), 0);
    for (int i = 0; i < runs; i++)
        assert_int_equal(run_add(r, &err), 0);
    assert_int_equal(recording_publish(r, &err), 0);
    recording_close(r);
}

static void places_make(void)
{
    disk.first = 0;
    folder_make();
    snprintf(path, sizeof(path), "%s", folder_path("a.db"));
    snprintf(old, sizeof(old), "%s.old", path);
    assert_int_equal(mkdir(folder_path("tmp"), 0700), 0);
    setenv("TMPDIR", folder_path("tmp"), 1);
    recording_make(OLDER);
    recording_make(OLD);
    assert_int_equal(runs_in(old), OLDER);
}

/* The run is where the sentence says; only a disk that fails everywhere and for good may have lost it. */
static void measurement_find(const struct error *err)
{
    char name[300] = "";
    const char *told = strstr(err->text, "what was measured is kept in '");
    if (!told) {
        assert_true(disk.from_there_on);
        assert_non_null(strstr(err->text, "what was measured is lost"));
        return;
    }
    assert_int_equal(sscanf(told, "what was measured is kept in '%299[^']'", name), 1);
    assert_int_equal(runs_in(name), NEW);
}

/* Writes as `record` does, or as a study, which publishes before it measures; returns what came of it.
 * Nothing but a publishing may fail: all else is in memory. */
static int written(bool study, bool *measured, struct error *err)
{
    struct recording *r = NULL;
    assert_int_equal(recording_open(path, RECORDING_REPLACE, &r, err), 0);
    int rc = study ? recording_publish(r, err) : 0;
    *measured = !rc;
    if (!rc && run_add(r, err))
        fail_msg("%s", err->text);
    if (!rc)
        rc = recording_publish(r, err);
    recording_close(r);
    return rc;
}

/* Returns false if there are fewer calls than that. */
static bool one_failure(bool study, int first, bool from_there_on, int code)
{
    struct error err = {""};
    bool measured = false;
    places_make();
    disk.calls = 0;
    disk.from_there_on = from_there_on;
    disk.code = code;
    disk.first = first;
    int rc = written(study, &measured, &err);
    bool met = disk.calls >= first;
    disk.first = 0;
    int now = runs_in(path), before = runs_in(old);
    if (rc) {
        assert_true(met && *err.text);
        assert_true(now == OLD || (study && measured && now == 0)); /* what was published last */
        if (measured)
            measurement_find(&err);
    } else
        assert_int_equal(now, NEW);
    if (now == OLD)
        assert_true(before == OLDER || before == OLD); /* its copy, on the way there */
    else
        assert_int_equal(before, OLD);
    folder_remove();
    return met;
}

static void each_call_fails(bool study, bool from_there_on, int code)
{
    int first = 1;
    while (one_failure(study, first, from_there_on, code))
        assert_true(++first < 1000);
    assert_true(first > 6);
}

static void once(void **state)
{
    (void)state;
    each_call_fails(false, false, ENOSPC);
    each_call_fails(true, false, ENOSPC);
    each_call_fails(true, false, EIO);
}

static void from_there_on(void **state)
{
    (void)state;
    each_call_fails(false, true, ENOSPC);
    each_call_fails(true, true, EIO);
    each_call_fails(false, true, EROFS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once),
        cmocka_unit_test(from_there_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
