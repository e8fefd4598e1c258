/* SQLite on an open descriptor: what is written can be read, what fails is taken back, and nothing is ever
 * made, looked for or deleted beside the file. */
#include "analysis/one_file.h"
#include "tests/analysis/fixture.h"
#include "tests/analysis/journal_plant.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL))
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static int number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int n = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return n;
}

static sqlite3 *connected(int fd, bool writable)
{
    sqlite3 *db = NULL;
    assert_int_equal(one_file_connect(fd, writable, &db), SQLITE_OK);
    return db;
}

/* Larger than SQLite's cache, so that a transaction is in the file before it ends, and its journal isn't
 * small. */
static void test_transactions(void **state)
{
    (void)state;
    int fd = memfd_create("test", MFD_CLOEXEC);
    sqlite3 *db = connected(fd, true);
    run(db, "CREATE TABLE t (a, b); PRAGMA cache_size = 10; BEGIN");
    run(db, "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000)"
            " INSERT INTO t SELECT i, hex(randomblob(50)) FROM c; COMMIT");
    run(db, "BEGIN; UPDATE t SET b = b || b, a = a + 1; CREATE INDEX t_b ON t (b)");
    run(db, "ROLLBACK");
    assert_int_equal(number(db, "SELECT sum(a) = 20000 * 20001 / 2 AND max(length(b)) = 100 FROM t"), 1);
    run(db, "DELETE FROM t WHERE a > 10; VACUUM");
    sqlite3_close(db);
    db = connected(fd, false);
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 10);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM t", NULL, NULL, NULL), SQLITE_READONLY);
    sqlite3_close(db);
    close(fd);
}

/* What can't be written fails, and what was there before is there again. */
static void test_full(void **state)
{
    (void)state;
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    sqlite3 *db = connected(fd, true);
    run(db, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
    assert_int_not_equal(sqlite3_exec(db, "INSERT INTO t SELECT zeroblob(100000)", NULL, NULL, NULL),
                         SQLITE_OK);
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 1);
    sqlite3_close(db);
    close(fd);
}

/* The journal of an attacker beside a file that is written to by its descriptor. */
static void test_nothing_beside(void **state)
{
    (void)state;
    struct fixture f;
    struct stat st;
    char journal[128], victim[128];
    assert_int_equal(fixture_create(&f, NULL, NULL), 0);
    snprintf(victim, sizeof(victim), "%s/victim", f.folder);
    snprintf(journal, sizeof(journal), "%s-journal", f.path);
    assert_int_equal(creat(victim, 0600) < 0, 0);
    assert_null(one_file_companion(AT_FDCWD, f.path));
    assert_int_equal(journal_plant(journal, victim), 0);
    assert_string_equal(one_file_companion(AT_FDCWD, f.path), "-journal");
    int fd = open(f.path, O_RDWR | O_CLOEXEC);
    sqlite3 *db = connected(fd, true);
    run(db, "INSERT INTO host VALUES ('a', 'b')");
    assert_int_equal(number(db, "SELECT count(*) FROM host"), 1);
    sqlite3_close(db);
    close(fd);
    assert_int_equal(stat(journal, &st), 0);
    assert_int_equal(unlink(victim), 0);
    fixture_remove(&f);
}

/* A program that writes in place and a reader keep out of each other's way. */
static void test_locks(void **state)
{
    (void)state;
    struct fixture f;
    sqlite3 *writer = NULL;
    assert_int_equal(fixture_create(&f, NULL, NULL), 0);
    int fd = open(f.path, O_RDONLY | O_CLOEXEC);
    sqlite3 *reader = connected(fd, false);
    assert_int_equal(sqlite3_open(f.path, &writer), SQLITE_OK);
    assert_false(one_file_is_written(fd));
    run(writer, "BEGIN IMMEDIATE; INSERT INTO host VALUES ('a', 'b')");
    assert_true(one_file_is_written(fd));
    run(reader, "BEGIN");
    assert_int_equal(number(reader, "SELECT count(*) FROM host"), 0);
    assert_int_equal(sqlite3_exec(writer, "COMMIT", NULL, NULL, NULL), SQLITE_BUSY);
    run(reader, "COMMIT");
    run(writer, "COMMIT; BEGIN EXCLUSIVE");
    assert_int_equal(sqlite3_exec(reader, "SELECT * FROM host", NULL, NULL, NULL), SQLITE_BUSY);
    run(writer, "COMMIT");
    assert_int_equal(number(reader, "SELECT count(*) FROM host"), 1);
    sqlite3_close(reader);
    sqlite3_close(writer);
    close(fd);
    fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_nothing_beside),
        cmocka_unit_test(test_locks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
