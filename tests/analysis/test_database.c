/* What is not a recording is refused with a sentence; what is one, opens under adverse conditions. */
#include "analysis/database.h"
#include "tests/analysis/fixture.h"
#include "tests/analysis/journal_plant.h"
#include "tests/analysis/query.h"
#include "tests/analysis/recording_build.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const study[] = {"study.sql", NULL};

/* Opening must fail with this code, and the sentence must hold these words. */
static void assert_refused(const char *path, int code, const char *words)
{
    struct database *db = NULL;
    struct error err = {0};
    assert_int_equal(database_open(path, &db, &err), code);
    assert_null(db);
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in: %s", words, err.text);
    assert_non_null(strstr(err.text, path));
    assert_null(strchr(err.text, '\n'));
}

static void assert_study_refused(const char *sql, int code, const char *words)
{
    struct fixture f;
    assert_int_equal(fixture_create(&f, study, sql), 0);
    assert_refused(f.path, code, words);
    fixture_remove(&f);
}

static void assert_bytes_refused(const void *bytes, size_t size, int code, const char *words)
{
    struct fixture f;
    assert_int_equal(fixture_create_empty(&f, bytes, size), 0);
    assert_refused(f.path, code, words);
    fixture_remove(&f);
}

static void test_no_file(void **state)
{
    (void)state;
    assert_refused("/nonexistent/heapwait.db", -ENOENT, "make one with `heapwait study");
    assert_refused("/tmp", -EINVAL, "is not a file");
}

static void test_not_sqlite(void **state)
{
    (void)state;
    assert_bytes_refused("", 0, -EINVAL, "is empty");
    assert_bytes_refused("variant,ms\n", 11, -EINVAL, "is not a recording");
    assert_bytes_refused("SQLite format 3", 16, -EIO, "damaged or cut off");
}

/* A FIFO must not make us wait. */
static void test_fifo(void **state)
{
    (void)state;
    struct fixture f;
    assert_int_equal(fixture_create_empty(&f, "", 0), 0);
    unlink(f.path);
    assert_int_equal(mkfifo(f.path, 0600), 0);
    assert_refused(f.path, -EINVAL, "is not a file");
    fixture_remove(&f);
}

static void test_foreign(void **state)
{
    (void)state;
    assert_study_refused("PRAGMA application_id = 252006673", -EINVAL, "SQLite file of another program");
    assert_study_refused("PRAGMA user_version = 5", -EINVAL, "use a newer heapwait");
    assert_study_refused("PRAGMA user_version = 0", -EINVAL, "record again");
    assert_study_refused("DROP TABLE wait_histogram", -EINVAL, "lacks the table 'wait_histogram'");
    assert_study_refused("ALTER TABLE run DROP COLUMN rep", -EINVAL, "lacks the column 'rep'");
}

/* Each table of the schema is asked for. */
static void test_missing_tables(void **state)
{
    (void)state;
    struct fixture f;
    sqlite3 *db = NULL;
    sqlite3_stmt *names = NULL;
    size_t count = 0;
    assert_int_equal(fixture_create(&f, study, NULL), 0);
    assert_int_equal(sqlite3_open_v2(f.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table'", -1, &names, NULL),
        SQLITE_OK);
    for (; sqlite3_step(names) == SQLITE_ROW; count++) {
        char drop[128], words[128];
        snprintf(drop, sizeof(drop), "DROP TABLE %s", (const char *)sqlite3_column_text(names, 0));
        snprintf(words, sizeof(words), "lacks the table '%s'", (const char *)sqlite3_column_text(names, 0));
        assert_study_refused(drop, -EINVAL, words);
    }
    assert_true(count >= 19);
    sqlite3_finalize(names);
    sqlite3_close(db);
    fixture_remove(&f);
}

/* Each view works on what the schema has, also where it has no rows. */
static void test_views_work(void **state)
{
    (void)state;
    struct fixture f;
    struct database *db = NULL;
    struct error err = {""};
    size_t count = 0;
    assert_int_equal(fixture_create(&f, NULL, NULL), 0);
    assert_int_equal(database_open(f.path, &db, &err), 0);
    const char *const *views = database_views(db, &count);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        char sql[128];
        snprintf(sql, sizeof(sql), "SELECT * FROM temp.\"%s\"", views[i]);
        sqlite3_stmt *statement = database_prepare(db, sql, &err);
        if (!statement || database_step(db, statement, &err) < 0)
            fail_msg("%s: %s", views[i], err.text);
        sqlite3_finalize(statement);
    }
    database_close(db);
    fixture_remove(&f);
}

/* A view in a table's place could run forever; it is not even looked at. */
static void test_view_in_place_of_a_table(void **state)
{
    (void)state;
    assert_study_refused("DROP TABLE probe; CREATE VIEW probe AS WITH RECURSIVE c(i) AS "
                         "(SELECT 1 UNION ALL SELECT i FROM c) SELECT i FROM c",
                         -EINVAL, "lacks the table 'probe'");
}

/* Cut at every eighth of its length: never opened, never a crash. */
static void test_truncated(void **state)
{
    (void)state;
    struct stat st;
    struct fixture f;
    assert_int_equal(fixture_create(&f, study, NULL), 0);
    assert_int_equal(stat(f.path, &st), 0);
    for (int part = 7; part >= 1; part--) {
        assert_int_equal(truncate(f.path, st.st_size * part / 8), 0);
        assert_refused(f.path, -EIO, "damaged or cut off");
    }
    fixture_remove(&f);
}

/* Bytes overwritten in the middle of a page. */
static void test_damaged(void **state)
{
    (void)state;
    struct fixture f;
    assert_int_equal(fixture_create(&f, study, NULL), 0);
    int fd = open(f.path, O_WRONLY | O_CLOEXEC);
    char noise[4096];
    memset(noise, 0xa5, sizeof(noise));
    assert_int_equal(pwrite(fd, noise, sizeof(noise), 3 * 4096), sizeof(noise));
    close(fd);
    assert_refused(f.path, -EIO, "damaged");
    fixture_remove(&f);
}

static void open_well(const char *path, struct database **db)
{
    struct error err = {0};
    if (database_open(path, db, &err))
        fail_msg("%s", err.text);
}

/* Read-only file in a read-only folder, as another user's; and nothing can be written through the connection.
 */
static void test_read_only(void **state)
{
    (void)state;
    struct fixture f;
    struct database *db = NULL;
    assert_int_equal(fixture_create(&f, study, NULL), 0);
    chmod(f.path, 0444);
    chmod(f.folder, 0555);
    open_well(f.path, &db);
    assert_rows(db, "SELECT count(*) FROM wall_time", "10\n");
    assert_int_not_equal(sqlite3_exec(database_connection(db), "DELETE FROM run", NULL, NULL, NULL),
                         SQLITE_OK);
    database_close(db);
    chmod(f.folder, 0700);
    fixture_remove(&f);
}

/* A study that is in the middle of a transaction, and one that commits while we read: we see one state. */
static void test_while_written(void **state)
{
    (void)state;
    struct fixture f;
    struct database *db = NULL;
    sqlite3 *writer = NULL;
    assert_int_equal(fixture_create(&f, study, NULL), 0);
    assert_int_equal(sqlite3_open(f.path, &writer), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(writer, "BEGIN IMMEDIATE; DELETE FROM run WHERE id = 101", NULL, NULL, NULL), SQLITE_OK);
    open_well(f.path, &db);
    assert_rows(db, "SELECT count(*) FROM run", "57\n");
    assert_int_equal(sqlite3_exec(writer, "COMMIT", NULL, NULL, NULL), SQLITE_BUSY);
    assert_rows(db, "SELECT count(*) FROM run", "57\n");
    database_close(db);
    assert_int_equal(sqlite3_exec(writer, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(writer);
    open_well(f.path, &db);
    assert_rows(db, "SELECT count(*) FROM run", "56\n");
    database_close(db);
    fixture_remove(&f);
}

/* How many entries the fixture's folder has. */
static int entries_count(const struct fixture *f)
{
    struct dirent **entries = NULL;
    int n = scandir(f->folder, &entries, NULL, NULL);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return n - 2;
}

/* What lies beside the file is not played, by whomever it was left there; the file it names is still there.
 */
static void test_planted_journal(void **state)
{
    (void)state;
    static const char *const endings[] = {"-journal", "-wal", "-shm"};
    char beside[128], victim[128];
    struct fixture f;
    struct database *db = NULL;
    assert_int_equal(fixture_create(&f, study, NULL), 0);
    snprintf(victim, sizeof(victim), "%s/victim", f.folder);
    assert_int_equal(creat(victim, 0600) < 0, 0);
    for (size_t i = 0; i < 3; i++) {
        snprintf(beside, sizeof(beside), "%s%s", f.path, endings[i]);
        assert_int_equal(journal_plant(beside, victim), 0);
        assert_refused(f.path, -EINVAL, "left it, or somebody put it there, and it is left alone");
        assert_int_equal(entries_count(&f), 3);
        assert_int_equal(truncate(beside, 0), 0); /* as some programs leave it */
        open_well(f.path, &db);
        database_close(db);
        assert_int_equal(entries_count(&f), 3);
        assert_int_equal(unlink(beside), 0);
        assert_int_equal(symlink("nowhere", beside), 0);
        assert_refused(f.path, -EINVAL, "left it");
        assert_int_equal(unlink(beside), 0);
    }
    assert_int_equal(unlink(victim), 0);
    fixture_remove(&f);
}

/* Through a link the file's own folder counts. */
static void test_journal_behind_a_link(void **state)
{
    (void)state;
    char journal[128], link[128];
    struct fixture f;
    struct database *db = NULL;
    assert_int_equal(fixture_create(&f, study, NULL), 0);
    snprintf(link, sizeof(link), "%s/link", f.folder);
    snprintf(journal, sizeof(journal), "%s-journal", f.path);
    assert_int_equal(symlink("test.db", link), 0);
    open_well(link, &db);
    database_close(db);
    assert_int_equal(journal_plant(journal, "/nonexistent"), 0);
    assert_refused(link, -EINVAL, "test.db-journal'");
    unlink(link);
    fixture_remove(&f);
}

/* What was opened counts, not what has its name by now. */
static void test_open_file(void **state)
{
    (void)state;
    struct fixture f;
    struct database *db = NULL;
    struct error err = {""};
    assert_int_equal(fixture_create(&f, study, NULL), 0);
    int fd = open(f.path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(unlink(f.path), 0);
    assert_int_equal(symlink("/nonexistent", f.path), 0);
    if (database_open_descriptor(fd, f.path, &db, &err))
        fail_msg("%s", err.text);
    database_close(db);
    assert_true(fcntl(fd, F_GETFD) >= 0); /* it is the caller's still */
    close(fd);
    assert_int_equal(database_open_descriptor(fd, f.path, &db, &err), -EBADF);
    fixture_remove(&f);
}

/* Its header alone would make SQLite create files beside it, and play them. */
static void test_wal(void **state)
{
    (void)state;
    struct fixture f;
    assert_int_equal(fixture_create(&f, study, NULL), 0);
    int fd = open(f.path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "\2\2", 2, 18), 2);
    close(fd);
    assert_refused(f.path, -EINVAL, "is in SQLite's WAL mode");
    assert_int_equal(entries_count(&f), 1);
    fixture_remove(&f);
}

/* Names that SQLite would take for something else than a file. */
static void test_odd_paths(void **state)
{
    (void)state;
    struct fixture f;
    struct database *db = NULL;
    assert_int_equal(fixture_create(&f, study, NULL), 0);
    int here = open(".", O_PATH | O_CLOEXEC);
    assert_int_equal(chdir(f.folder), 0);
    static const char *const names[] = {":memory:", "file:test.db?mode=memory", "it's %s.db"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rename(i ? names[i - 1] : "test.db", names[i]), 0);
        open_well(names[i], &db);
        assert_rows(db, "SELECT count(*) FROM run", "57\n");
        database_close(db);
    }
    assert_int_equal(rename(names[2], "test.db"), 0);
    assert_int_equal(fchdir(here), 0);
    close(here);
    fixture_remove(&f);
}

/* Views of a few thousand runs, over and over: given up when it is too much, and in one sentence. */
static void test_too_much_work(void **state)
{
    (void)state;
    static const char forever[] =
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    struct fixture f;
    struct database *db = NULL;
    struct error err = {""};
    assert_int_equal(fixture_create(&f, study, NULL), 0);
    open_well(f.path, &db);
    database_limit(db, 10000);
    sqlite3_stmt *s = database_prepare(db, forever, &err);
    assert_non_null(s);
    assert_int_equal(database_step(db, s, &err), -EIO);
    assert_non_null(strstr(err.text, "given up"));
    sqlite3_finalize(s);
    database_close(db);
    fixture_remove(&f);
}

static void test_long_text(void **state)
{
    (void)state;
    struct fixture f;
    struct database *db = NULL;
    struct error err = {""};
    assert_int_equal(fixture_create(&f, study, "INSERT INTO host VALUES ('long', hex(zeroblob(9000000)))"),
                     0);
    open_well(f.path, &db);
    sqlite3_stmt *s = database_prepare(db, "SELECT value FROM main.host WHERE key = 'long'", &err);
    assert_non_null(s);
    assert_int_equal(database_step(db, s, &err), -EIO);
    assert_non_null(strstr(err.text, "MiB"));
    sqlite3_finalize(s);
    database_close(db);
    fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_not_sqlite),
        cmocka_unit_test(test_fifo),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_missing_tables),
        cmocka_unit_test(test_views_work),
        cmocka_unit_test(test_view_in_place_of_a_table),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_while_written),
        cmocka_unit_test(test_planted_journal),
        cmocka_unit_test(test_journal_behind_a_link),
        cmocka_unit_test(test_open_file),
        cmocka_unit_test(test_wal),
        cmocka_unit_test(test_odd_paths),
        cmocka_unit_test(test_too_much_work),
        cmocka_unit_test(test_long_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
