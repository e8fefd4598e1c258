/* See answer_maker_private.h: questions to the recording. */
#include "analysis/answer/answer_maker_private.h"
#include "analysis/base/text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void answer_maker_fail(struct answer_maker *m, int rc, const char *text)
{
    if (!m->rc)
        m->rc = text ? error_set(m->err, rc, "%s", text) : rc;
}

sqlite3_stmt *answer_maker_query(struct answer_maker *m, const char *sql)
{
    sqlite3_stmt *statement = m->rc ? NULL : database_prepare(m->db, sql, m->err);
    if (!statement)
        answer_maker_fail(m, -EIO, NULL);
    return statement;
}

bool answer_maker_next(struct answer_maker *m, sqlite3_stmt *statement)
{
    if (!statement)
        return false;
    const int rc = m->rc ? m->rc : database_step(m->db, statement, m->err);
    if (rc == 1)
        return true;
    if (rc < 0)
        answer_maker_fail(m, rc, NULL);
    sqlite3_finalize(statement);
    return false;
}

double answer_maker_number(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? NAN
                                                                 : sqlite3_column_double(statement, column);
}

char *answer_maker_text(struct answer_maker *m, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        answer_maker_fail(m, -ENOMEM, "out of memory");
    return copy ? text_clean(copy) : NULL;
}

bool answer_maker_numbers(struct answer_maker *m, const char *sql, double *values, int count)
{
    for (int i = 0; i < count; i++)
        values[i] = NAN;
    sqlite3_stmt *statement = answer_maker_query(m, sql);
    if (!answer_maker_next(m, statement))
        return false;
    for (int i = 0; i < count; i++)
        values[i] = answer_maker_number(statement, i);
    sqlite3_finalize(statement);
    return true;
}

/* Cleans each line of `text`, and keeps what parts them. */
static char *lines_clean(char *text)
{
    char *to = text;
    for (char *line = text, *end; line; line = end) {
        if ((end = strchr(line, '\n')))
            *end++ = '\0';
        const size_t length = strlen(text_clean(line));
        memmove(to, line, length);
        to += length;
        *to++ = end ? '\n' : '\0';
    }
    return text;
}

char *answer_maker_format(struct answer_maker *m, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (m->rc || vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    if (!text)
        answer_maker_fail(m, -ENOMEM, "out of memory");
    return text ? lines_clean(text) : NULL;
}

void *answer_maker_grow(struct answer_maker *m, void *array, size_t *count, size_t size)
{
    char *more = m->rc ? NULL : reallocarray(array, *count + 1, size);
    if (!more) {
        answer_maker_fail(m, -ENOMEM, "out of memory");
        return NULL;
    }
    memset(more + *count * size, 0, size);
    (*count)++;
    return more;
}
