/* See recording_build.h.  With a main of its own (RECORDING_BUILD_MAIN) it is the tool: OUT.db FILE.sql... */
#include "tests/analysis/recording_build.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

int sql_run_text(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    int rc = sqlite3_open(path, &db);
    if (!rc) /* a test's file need not survive a power cut */
        rc = sqlite3_exec(db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY", NULL, NULL, NULL);
    if (!rc)
        rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    if (rc)
        fprintf(stderr, "%s: %s\n", path, message ? message : sqlite3_errmsg(db));
    sqlite3_free(message);
    sqlite3_close(db);
    return rc ? -1 : 0;
}

int sql_run_file(const char *path, const char *sql_path)
{
    enum { MOST = 1 << 20 };
    FILE *file = fopen(sql_path, "re");
    char *text = file ? calloc(1, MOST + 1) : NULL;
    if (!text) {
        perror(sql_path);
        if (file)
            fclose(file);
        return -1;
    }
    size_t n = fread(text, 1, MOST, file);
    fclose(file);
    text[n] = '\0';
    int rc = n < MOST ? sql_run_text(path, text) : -1;
    free(text);
    return rc;
}

#ifdef RECORDING_BUILD_MAIN
int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s OUT.db FILE.sql...\n", argv[0]);
        return 2;
    }
    remove(argv[1]);
    for (int i = 2; i < argc; i++)
        if (sql_run_file(argv[1], argv[i]))
            return 1;
    return 0;
}
#endif
