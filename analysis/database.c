/* See database.h.  SQLite resolves the names inside a view when the view is used.  So views that build on
 * each other may be created in any order.  That each of them works on what the schema has is a test's: to
 * prepare all of them takes longer than most answers. */
#include "analysis/database.h"

#include "analysis/base/datadir.h"
#include "analysis/one_file.h"
#include "analysis/readable.h"
#include "analysis/tables.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SQLITE_MAGIC "SQLite format 3"

enum {
    APPLICATION_ID = 0x48574149, /* schema.sql sets both */
    APPLICATION_ID_AT = 68,
    USER_VERSION = 4,
    BUSY_MS = 5000,
    VALUE_BYTES_MAX = 16 << 20, /* of one text */
    WORK_STEP = 1 << 20,        /* instructions of SQLite's machine */
};
/* Instructions of SQLite's machine: about a minute.  A study of 12 variants at 8 numbers of threads with 60
 * rounds takes a third.  Tables that a view has to read again for each row of another one can be made to take
 * for ever. */
static const uint64_t WORK_MOST = UINT64_C(5000000000);

struct database {
    sqlite3 *connection;
    int fd; /* what the connection reads */
    char *path;
    char **views;
    size_t view_count;
    uint64_t work; /* that SQLite may still do */
};

/* Says what SQLite's refusal means to someone who has a file and wants to see it.  Returns the negative errno
 * for it. */
static int sqlite_refusal(struct database *db, const char *doing, struct error *err)
{
    const char *text = sqlite3_errmsg(db->connection);
    switch (sqlite3_errcode(db->connection)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(err, -EBUSY,
                         "'%s' is being written to by another program: wait for its end, then try again",
                         db->path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_set(err, -EIO,
                         "'%s' is damaged or cut off (%s): take another copy of it, or record again",
                         db->path, text);
    case SQLITE_NOMEM:
        return error_set(err, -ENOMEM, "out of memory while reading '%s'", db->path);
    case SQLITE_INTERRUPT:
        return error_set(err, -EIO,
                         "'%s' has so many rows that to read it would take hours; it is given up: record "
                         "fewer runs into one file, or ask the file itself (`sqlite3 '%s'`)",
                         db->path, db->path);
    case SQLITE_TOOBIG:
        return error_set(err, -EIO, "'%s' has a text of more than %d MiB, which no recording has", db->path,
                         VALUE_BYTES_MAX >> 20);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        return error_set(err, -EIO, "can't read '%s' (%s): look for errors of the disk", db->path, text);
    default:
        return error_set(err, -EIO, "can't %s '%s': %s", doing, db->path, text);
    }
}

/* Looks at the file before SQLite does, since a folder or a text file deserve their own words.  The header's
 * places: https://www.sqlite.org/fileformat.html. */
static int file_check(int fd, const char *path, struct error *err)
{
    static const unsigned char own[4] = {APPLICATION_ID >> 24, APPLICATION_ID >> 16 & 0xff,
                                         APPLICATION_ID >> 8 & 0xff, APPLICATION_ID & 0xff};
    char head[APPLICATION_ID_AT + sizeof(own)] = "";
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return error_set(err, -EINVAL,
                         "'%s' is not a file, so it is no recording: name the file that -o named", path);
    if (st.st_size == 0)
        return error_set(err, -EINVAL, "'%s' is empty: nothing was recorded into it (yet)", path);
    ssize_t n = pread(fd, head, sizeof(head), 0);
    if (n < (ssize_t)sizeof(SQLITE_MAGIC) || memcmp(head, SQLITE_MAGIC, sizeof(SQLITE_MAGIC)) != 0)
        return error_set(
            err, -EINVAL,
            "'%s' is not a recording of heapwait: make one with `heapwait study` or `heapwait record`", path);
    if (n == sizeof(head) && memcmp(head + APPLICATION_ID_AT, own, sizeof(own)) != 0)
        return error_set(
            err, -EINVAL,
            "'%s' is an SQLite file of another program, not a recording: make one with `heapwait study` or "
            "`heapwait record`",
            path);
    return 0;
}

/* Refuses a file with a journal beside it.  What a killed writer left there, or somebody put there, is never
 * played into the file (see one_file.h); and without it the file may be half a write, so it isn't read
 * either. */
static int companions_check(int fd, const char *path, struct error *err)
{
    if (one_file_is_wal(fd))
        return error_set(
            err, -EINVAL,
            "'%s' is in SQLite's WAL mode, in which heapwait writes no recording: its owner turns "
            "that off by `sqlite3 '%s' 'PRAGMA journal_mode = DELETE'`",
            path, path);
    char *real = realpath(path, NULL); /* the file's own name, if it is named by a link */
    const char *ending = one_file_companion(AT_FDCWD, real ? real : path);
    int rc = 0;
    if (ending && !one_file_is_written(fd))
        rc = error_set(err, -EINVAL,
                       "beside '%s' lies '%s%s': a writer that was killed left it, or somebody put it there, "
                       "and it is left alone; if both are yours, `sqlite3 '%s' .tables` plays it, else "
                       "remove it",
                       path, real ? real : path, ending, path);
    free(real);
    return rc;
}

/* Opens the file.  O_NONBLOCK: to open a FIFO would wait. */
static int file_open(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    if (errno == ENOENT)
        return error_set(err, -ENOENT,
                         "there is no recording '%s': make one with `heapwait study -o %s` or "
                         "`heapwait record -o %s -- COMMAND`",
                         path, path, path);
    return error_set(err, -errno, "can't open the recording '%s': %s", path, strerror(errno));
}

/* Tells SQLite to give up when it has done all the work that it may. */
static int work_count(void *context)
{
    struct database *db = context;
    const uint64_t step = db->work < WORK_STEP ? db->work : WORK_STEP;
    db->work -= step;
    return !db->work;
}

void database_limit(struct database *db, uint64_t work)
{
    db->work = work;
    sqlite3_progress_handler(db->connection, work < WORK_STEP ? (int)work : WORK_STEP, work_count, db);
}

/* Opens the connection so that nothing inside the file can make SQLite do more than read tables: no views,
 * triggers or functions of the file's own schema, no memory mapping of pages someone may cut off meanwhile.
 */
static int connection_open(struct database *db, struct error *err)
{
    int rc = one_file_connect(db->fd, false, &db->connection);
    if (!db->connection)
        return error_set(err, -ENOMEM, "out of memory");
    if (rc)
        return sqlite_refusal(db, "open", err);
    sqlite3_extended_result_codes(db->connection, 1);
    sqlite3_busy_timeout(db->connection, BUSY_MS);
    sqlite3_db_config(db->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db->connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db->connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL); /* TEMP views go on working */
    sqlite3_limit(db->connection, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(db->connection, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    database_limit(db, WORK_MOST);
    if (sqlite3_exec(db->connection, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0", NULL, NULL, NULL))
        return sqlite_refusal(db, "open", err);
    return 0;
}

/* Sets *value to the first column of the first row. */
static int query_integer(struct database *db, const char *sql, long long *value, struct error *err)
{
    sqlite3_stmt *statement = database_prepare(db, sql, err);
    int rc = statement ? database_step(db, statement, err) : -EIO;
    if (rc == 1)
        *value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return rc == 1 ? 0 : rc < 0 ? rc : -EIO;
}

static int version_check(struct database *db, struct error *err)
{
    long long version = 0;
    int rc = query_integer(db, "PRAGMA user_version", &version, err);
    if (rc)
        return rc;
    if (version != USER_VERSION)
        return error_set(err, -EINVAL, "'%s' has format %lld, this heapwait reads format %d: %s", db->path,
                         version, USER_VERSION,
                         version > USER_VERSION ? "use a newer heapwait" : "record again");
    return 0;
}

/* Runs SQLite's own check of the pages; its first finding is enough. */
static int pages_check(struct database *db, struct error *err)
{
    sqlite3_stmt *statement = database_prepare(db, "PRAGMA main.quick_check(1)", err);
    int rc = statement ? database_step(db, statement, err) : -EIO;
    const char *finding = rc == 1 ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (rc == 1 && (!finding || strcmp(finding, "ok") != 0))
        rc = error_set(err, -EIO, "'%s' is damaged: take another copy of it, or record again", db->path);
    sqlite3_finalize(statement);
    return rc == 1 ? 0 : rc;
}

static int view_load(struct database *db, const char *name, struct error *err)
{
    char *file = NULL, *sql = NULL;
    int rc = -ENOMEM;
    if (asprintf(&file, "views/%s.sql", name) < 0)
        return error_set(err, rc, "out of memory");
    sql = datadir_read(file, err);
    rc = sql ? 0 : -EIO;
    if (sql && sqlite3_exec(db->connection, sql, NULL, NULL, NULL))
        rc = error_set(err, -EIO, "heapwait's own file '%s' doesn't work: %s; install heapwait again", file,
                       sqlite3_errmsg(db->connection));
    free(sql);
    free(file);
    return rc;
}

static int file_is_view(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return entry->d_name[0] != '.' && n > 4 && !strcmp(entry->d_name + n - 4, ".sql");
}

/* Fills db->views with the names of the files, without ".sql", in the order of the C locale. */
static int views_list(struct database *db, const char *folder, struct error *err)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, file_is_view, NULL);
    if (n < 0)
        return error_set(err, -errno, "can't read heapwait's own folder '%s': %s", folder, strerror(errno));
    int rc = 0;
    db->views = calloc((size_t)n + 1, sizeof(*db->views));
    for (int i = 0; i < n; i++) {
        char *name = db->views ? strndup(entries[i]->d_name, strlen(entries[i]->d_name) - 4) : NULL;
        if (name)
            db->views[db->view_count++] = name;
        else
            rc = -ENOMEM;
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static int name_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int views_load(struct database *db, struct error *err)
{
    char *folder = datadir_path("views", err);
    if (!folder)
        return -ENOENT;
    int rc = views_list(db, folder, err);
    if (!rc)
        qsort(db->views, db->view_count, sizeof(*db->views), name_compare);
    for (size_t i = 0; !rc && i < db->view_count; i++)
        rc = view_load(db, db->views[i], err);
    free(folder);
    return rc;
}

/* Puts a table of the view's rows in its place. */
static int view_keep(struct database *db, const char *view, struct error *err)
{
    char *sql = sqlite3_mprintf("CREATE TEMP TABLE kept AS SELECT * FROM temp.\"%w\"; DROP VIEW temp.\"%w\";"
                                "CREATE TEMP TABLE \"%w\" AS SELECT * FROM temp.kept; DROP TABLE temp.kept",
                                view, view, view);
    int rc = 0;
    if (!sql)
        rc = error_set(err, -ENOMEM, "out of memory while reading '%s'", db->path);
    else if (sqlite3_exec(db->connection, sql, NULL, NULL, NULL))
        rc = sqlite_refusal(db, "read", err);
    sqlite3_free(sql);
    return rc;
}

/* Asks once for what many other views ask for: SQLite takes a view apart anew wherever it is named, which for
 * these was most of the time that an answer takes. */
static int views_keep(struct database *db, struct error *err)
{
    static const char *const kept[] = {"ledger_run", "answer_run", "ledger_time"};
    int rc = 0;
    for (size_t i = 0; !rc && i < sizeof(kept) / sizeof(*kept); i++)
        rc = view_keep(db, kept[i], err);
    return rc;
}

/* Checks all that must hold before a question is asked. */
static int content_check(struct database *db, struct error *err)
{
    long long tables = 0; /* reading the schema takes the shared lock that keeps the state until close */
    int rc = sqlite3_exec(db->connection, "BEGIN", NULL, NULL, NULL) ? sqlite_refusal(db, "read", err) : 0;
    if (!rc)
        rc = query_integer(db, "SELECT count(*) FROM main.sqlite_schema", &tables, err);
    if (!rc)
        rc = version_check(db, err);
    if (!rc)
        rc = pages_check(db, err);
    if (!rc)
        rc = tables_check(db, db->path, err);
    if (!rc && readable_tables(db->connection))
        rc = error_set(err, -EINVAL, "the tables of '%s' are not a recording's (%s): record again", db->path,
                       sqlite3_errmsg(db->connection));
    return rc;
}

/* Takes the descriptor over. */
static int descriptor_open(int fd, const char *path, struct database **out, struct error *err)
{
    int rc = file_check(fd, path, err);
    if (!rc)
        rc = companions_check(fd, path, err);
    struct database *db = rc ? NULL : calloc(1, sizeof(*db));
    if (!db) {
        close(fd);
        return rc ? rc : error_set(err, -ENOMEM, "out of memory");
    }
    db->fd = fd;
    if (!(db->path = strdup(path)))
        rc = error_set(err, -ENOMEM, "out of memory");
    if (!rc)
        rc = connection_open(db, err);
    if (!rc)
        rc = content_check(db, err);
    if (!rc)
        rc = views_load(db, err);
    if (!rc)
        rc = views_keep(db, err);
    if (rc)
        database_close(db);
    else
        *out = db;
    return rc;
}

int database_open(const char *path, struct database **out, struct error *err)
{
    *out = NULL;
    int fd = file_open(path, err);
    return fd < 0 ? fd : descriptor_open(fd, path, out, err);
}

int database_open_descriptor(int fd, const char *path, struct database **out, struct error *err)
{
    *out = NULL;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return error_set(err, -errno, "can't open the recording '%s': %s", path, strerror(errno));
    return descriptor_open(own, path, out, err);
}

void database_close(struct database *db)
{
    if (!db)
        return;
    sqlite3_close(db->connection);
    close(db->fd);
    for (size_t i = 0; i < db->view_count; i++)
        free(db->views[i]);
    free(db->views);
    free(db->path);
    free(db);
}

const char *const *database_views(const struct database *db, size_t *count)
{
    *count = db->view_count;
    return (const char *const *)db->views;
}

sqlite3 *database_connection(struct database *db)
{
    return db->connection;
}

sqlite3_stmt *database_prepare(struct database *db, const char *sql, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db->connection, sql, -1, &statement, NULL))
        sqlite_refusal(db, "read", err);
    return statement;
}

int database_step(struct database *db, sqlite3_stmt *statement, struct error *err)
{
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        return 0;
    default:
        return sqlite_refusal(db, "read", err);
    }
}
