/* See readable.h.  TEMP views named like tables come before the tables themselves, so that no view has to
 * know.  In the sqlite3 shell, without them, the same views show the names as they are.  Names come from
 * strangers' files by way of strangers' recordings.  libiberty limits its recursion; the length is limited
 * here, because what a short name stands for can be long. */
#include "analysis/readable.h"

#include <libiberty/demangle.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 4096 };

static bool is_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '$';
}

/* Returns true if the name begins as mangled ones do: _Z in the Itanium C++ ABI and in Rust's legacy
 * mangling, _R in Rust's v0. */
static bool may_be_mangled(const char *name, size_t length)
{
    return length > 3 && length < LONGEST && name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

/* Returns the readable name, malloc'd; NULL: this is no mangled name, or no memory. */
static char *name_read(const char *name, size_t length)
{
    char *copy = may_be_mangled(name, length) ? strndup(name, length) : NULL;
    char *read = copy ? cplus_demangle(copy, DMGL_AUTO) : NULL;
    free(copy);
    return read;
}

char *readable_text(const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&out, &size);
    if (!stream)
        return NULL;
    while (*text) {
        size_t length = 0;
        while (is_of_name(text[length]))
            length++;
        char *read = name_read(text, length);
        if (read)
            fputs(read, stream);
        else
            fwrite(text, 1, length ? length : 1, stream);
        free(read);
        text += length ? length : 1;
    }
    if (!fclose(stream))
        return out;
    free(out);
    return NULL;
}

static void readable_call(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    if (!text || (!strstr(text, "_Z") && !strstr(text, "_R"))) { /* nearly all names of C */
        sqlite3_result_value(context, values[0]);
        return;
    }
    char *read = readable_text(text);
    if (read)
        sqlite3_result_text(context, read, -1, free);
    else
        sqlite3_result_error_nomem(context);
}

int readable_tables(sqlite3 *connection)
{
    int rc = sqlite3_create_function_v2(connection, "readable", 1,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                        readable_call, NULL, NULL, NULL);
    return rc ? rc
              : sqlite3_exec(
                    connection,
                    "CREATE TEMP VIEW frame AS SELECT id, run_id, caller, readable(symbol) AS symbol, "
                    "module, "
                    "address, class FROM main.frame;"
                    "CREATE TEMP VIEW sample AS SELECT run_id, class, readable(symbol) AS symbol, module, "
                    "samples, spinning FROM main.sample;"
                    "CREATE TEMP VIEW lock AS SELECT id, run_id, tgid, address, readable(name) AS name, "
                    "module, allocator, is_malloc, readable(evidence) AS evidence, use FROM main.lock;",
                    NULL, NULL, NULL);
}
