/* See study_output.h.  JSON is read by SQLite's own functions: one parser less. */
#include "cli/study/study_output.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t MAX_MS = INT64_MAX / 1000000;

/* Moves *p behind `literal`, which must stand there, else -EINVAL. */
static int literal_take(const char **p, const char *literal)
{
    size_t n = strlen(literal);
    if (strncmp(*p, literal, n))
        return -EINVAL;
    *p += n;
    return 0;
}

static int number_take(const char **p, int64_t max, int64_t *number)
{
    if (**p < '0' || **p > '9')
        return -EINVAL;
    char *end;
    errno = 0;
    *number = strtoll(*p, &end, 10);
    *p = end;
    return errno || *number > max ? -EINVAL : 0;
}

static int line_read(const char *p, struct said *said)
{
    int64_t ms;
    if (literal_take(&p, "Generating ") || number_take(&p, INT64_MAX, &said->passwords) ||
        literal_take(&p, " passwords with ") || number_take(&p, INT64_MAX, &said->threads) ||
        literal_take(&p, " threads took ") || number_take(&p, MAX_MS, &ms) || literal_take(&p, " ms") ||
        (*p && *p != '\n' && *p != '\r'))
        return -EINVAL;
    said->elapsed_ns = ms * 1000000;
    return 0;
}

/* Returns the last line that begins with `start`; NULL: there is none. */
static const char *line_find(const char *text, const char *start)
{
    const char *found = NULL;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, start, strlen(start)))
            found = line;
    }
    return found;
}

static int64_t column_read(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_INTEGER ? sqlite3_column_int64(s, column) : -1;
}

static int json_read(const char *text, struct said *said)
{
    static const char sql[] = "SELECT json_extract(?1, '$.elapsed_ns'), json_extract(?1, '$.passwords'),"
                              " json_extract(?1, '$.threads') WHERE json_valid(?1)";
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int rc = -EINVAL;
    if (sqlite3_open(":memory:", &db) || sqlite3_prepare_v2(db, sql, -1, &s, NULL) ||
        sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC) || sqlite3_step(s) != SQLITE_ROW)
        goto out;
    *said = (struct said){
        .elapsed_ns = column_read(s, 0), .passwords = column_read(s, 1), .threads = column_read(s, 2)};
    rc = said->elapsed_ns < 0 ? -EINVAL : 0;
out:
    sqlite3_finalize(s);
    sqlite3_close(db);
    return rc;
}

int study_output_read(const char *text, struct said *said)
{
    *said = (struct said){-1, -1, -1};
    const char *found = line_find(text, "Generating ");
    int rc = found ? line_read(found, said) : -ENOENT;
    if (!found && (found = line_find(text, "{")))
        rc = json_read(found, said);
    if (rc)
        *said = (struct said){-1, -1, -1};
    return rc;
}
